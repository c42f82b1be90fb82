#include "agent/datapath/features.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "agent/base/capabilities.h"
#include "agent/datapath/cgroups.h"
#include "agent/datapath/datapath.h"

namespace sextant::datapath {
namespace {

constexpr ino_t kHostPidNamespace = 0xEFFFFFFCU;  // PROC_PID_INIT_INO, include/linux/proc_ns.h

struct Needed {
  unsigned number;
  const char* name;
  bool in_sys_admin;  // CAP_SYS_ADMIN stands for it (bpf_capable() and perfmon_capable(), include/linux/capability.h)
};
constexpr Needed kNeeded[] = {
    {CAP_BPF, "CAP_BPF", true}, {CAP_PERFMON, "CAP_PERFMON", true}, {CAP_NET_ADMIN, "CAP_NET_ADMIN", false}};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Why a system call failed, in words; a refusal names the rights that are not there.
std::string because_of(int err, std::string_view unsupported) {
  const int code = err < 0 ? -err : err;
  if (code == EPERM || code == EACCES) {
    const auto missing = missing_capabilities();
    return missing.empty() ? "the kernel refuses although all capabilities are there (seccomp, lockdown, an LSM)"
                           : "not permitted: missing " + joined(missing);
  }
  if (code == EINVAL || code == ENOENT || code == EOPNOTSUPP || code == ESRCH) return std::string(unsupported);
  return std::string(std::strerror(code));
}

Feature feature(std::string name, int err, std::string_view unsupported) {
  if (err >= 0) return {.name = std::move(name), .available = true, .reason = ""};
  return {.name = std::move(name), .available = false, .reason = because_of(err, unsupported)};
}

// -errno, or 0: the kernel takes the program. It is unloaded at once.
int load_trial(bpf_prog_type type, const std::vector<bpf_insn>& code, bpf_attach_type attach, int btf_id = 0) {
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach);
  options.attach_btf_id = static_cast<std::uint32_t>(btf_id);
  const int fd = bpf_prog_load(type, "trial", "GPL", code.data(), code.size(), &options);
  if (fd < 0) return fd;
  ::close(fd);
  return 0;
}

constexpr bpf_insn insn(std::uint8_t code, std::uint8_t to, std::uint8_t from, std::int16_t offset,
                        std::int32_t value) {
  return {.code = code, .dst_reg = to, .src_reg = from, .off = offset, .imm = value};
}

std::vector<bpf_insn> return_value(std::int32_t value) {
  return {insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value), insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
}

// bpf_probe_read_kernel(fp - 8, 8, 0): refused under lockdown=confidentiality.
std::vector<bpf_insn> read_kernel() {
  return {insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0, 0),
          insn(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, -8),
          insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 8),
          insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, 0),
          insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_probe_read_kernel),
          insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
          insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};
}

Feature probe_capabilities() {
  const auto missing = missing_capabilities();
  return {.name = "capabilities",
          .available = missing.empty(),
          .reason = missing.empty() ? "" : "missing " + joined(missing)};
}

Feature probe_lockdown() {
  std::ifstream file("/sys/kernel/security/lockdown");
  const std::string mode = lockdown_mode(std::string(std::istreambuf_iterator<char>(file), {}));
  if (mode == "confidentiality") {
    return {.name = "lockdown",
            .available = false,
            .reason =
                "lockdown=confidentiality: programs may not read the packets that die (Talos before 1.14 with "
                "Secure Boot; lockdown=integrity lets them)"};
  }
  return {.name = "lockdown", .available = true, .reason = mode.empty() ? "not in force" : mode};
}

Feature probe_bpf() {
  const int err = load_trial(BPF_PROG_TYPE_SOCKET_FILTER, return_value(0), BPF_CGROUP_INET_INGRESS);
  return feature("bpf", err, "this kernel has no BPF");
}

Feature probe_ring() {
  const int fd =
      bpf_map_create(BPF_MAP_TYPE_RINGBUF, "trial", 0, 0, static_cast<std::uint32_t>(::getpagesize()), nullptr);
  if (fd >= 0) ::close(fd);
  return feature("ringbuf", fd, "BPF ring buffers are missing (Linux 5.8)");
}

Feature probe_btf(const btf* kernel, int err) {
  if (kernel != nullptr) return {.name = "btf", .available = true, .reason = ""};
  return {.name = "btf",
          .available = false,
          .reason = "/sys/kernel/btf/vmlinux: " + std::string(std::strerror(err)) +
                    ": delivery, death and listening cannot load (a kernel with CONFIG_DEBUG_INFO_BTF is needed)"};
}

Feature probe_tcx() {
  LIBBPF_OPTS(bpf_prog_query_opts, options);
  const int err = bpf_prog_query_opts(static_cast<int>(::if_nametoindex("lo")), BPF_TCX_INGRESS, &options);
  return feature("tcx", err, "TCX is missing (Linux 6.6): clsact is used");
}

Feature probe_clsact() {
  const int err = load_trial(BPF_PROG_TYPE_SCHED_CLS, return_value(-1), BPF_CGROUP_INET_INGRESS);
  return feature("clsact", err, "the kernel has no BPF traffic classifiers (CONFIG_NET_CLS_BPF)");
}

Feature probe_cgroup2(const Result<std::string>& cgroup) {
  if (!cgroup) return {.name = "cgroup2", .available = false, .reason = cgroup.error().what};
  struct stat status{};
  if (::stat(cgroup->c_str(), &status) != 0) {
    return {.name = "cgroup2", .available = false, .reason = *cgroup + ": " + std::strerror(errno)};
  }
  const bool root = is_cgroup_root(*cgroup);
  return {
      .name = "cgroup2",
      .available = root,
      .reason = root ? *cgroup : *cgroup + " is not the root of the node's cgroups: mount the host's /sys/fs/cgroup"};
}

Feature probe_cgroup_skb(const Result<std::string>& cgroup) {
  constexpr auto* kName = "cgroup_skb";
  if (!cgroup) return {.name = kName, .available = false, .reason = "no cgroup2 to attach to"};
  const int loaded = load_trial(BPF_PROG_TYPE_CGROUP_SKB, return_value(1), BPF_CGROUP_INET_INGRESS);
  if (loaded < 0) return feature(kName, loaded, "the kernel has no programs for cgroups (CONFIG_CGROUP_BPF)");
  const UniqueFd fd(::open(cgroup->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return {.name = kName, .available = false, .reason = *cgroup + ": " + std::strerror(errno)};
  LIBBPF_OPTS(bpf_prog_query_opts, options);
  const int queried = bpf_prog_query_opts(fd.get(), BPF_CGROUP_INET_INGRESS, &options);
  return feature(kName, queried, *cgroup + " is no cgroup2 directory");
}

Feature probe_tracepoint(const std::string& name, const char* tracepoint, const btf* kernel, unsigned arguments,
                         std::string_view old_kernel) {
  if (kernel == nullptr) return {.name = name, .available = false, .reason = "needs BTF"};
  if (!tracepoint_has_arguments(*kernel, tracepoint, arguments)) {
    return {.name = name, .available = false, .reason = std::string(old_kernel)};
  }
  const int id = libbpf_find_vmlinux_btf_id(tracepoint, BPF_TRACE_RAW_TP);
  if (id < 0) return feature(name, id, old_kernel);
  return feature(name, load_trial(BPF_PROG_TYPE_TRACING, read_kernel(), BPF_TRACE_RAW_TP, id),
                 "the kernel lets no program read its memory (lockdown=confidentiality), or has no BPF tracing");
}

Feature probe_iterator(const char* target, const btf* kernel, std::string_view old_kernel) {
  const std::string name = std::string("iter_") + target;
  if (kernel == nullptr) return {.name = name, .available = false, .reason = "needs BTF"};
  const int id = libbpf_find_vmlinux_btf_id(target, BPF_TRACE_ITER);
  if (id < 0) return feature(name, id, old_kernel);
  return feature(name, load_trial(BPF_PROG_TYPE_TRACING, return_value(0), BPF_TRACE_ITER, id), old_kernel);
}

Feature probe_pid_namespace() {
  const bool host = in_host_pid_namespace();
  return {
      .name = "host_pid",
      .available = host,
      .reason = host ? "" : "a pid namespace of its own: sockets of other processes are out of sight (hostPID: true)"};
}

}  // namespace

std::vector<std::string> missing_capabilities() {
  const Capabilities effective = effective_capabilities();
  const auto has = [&](unsigned number) { return (effective & capability(number)) != 0; };
  std::vector<std::string> missing;
  for (const auto& [number, name, in_sys_admin] : kNeeded) {
    if (!has(number) && !(in_sys_admin && has(CAP_SYS_ADMIN))) missing.emplace_back(name);
  }
  return missing;
}

Capabilities bpf_capabilities() {
  const bool has_own = (effective_capabilities() & capability(CAP_BPF)) != 0;
  return capability(has_own ? CAP_BPF : CAP_SYS_ADMIN);
}

bool bpf_works_without_capability() {
  const UniqueFd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "trial", sizeof(std::uint32_t), 8, 1, nullptr));
  if (!map) return false;
  const Capabilities all = effective_capabilities();
  if (!set_effective_capabilities(all & ~(capability(CAP_BPF) | capability(CAP_SYS_ADMIN)))) return false;
  const std::uint32_t key = 0;
  std::uint64_t value = 0;
  const bool works = bpf_map_lookup_elem(map.get(), &key, &value) == 0;
  return set_effective_capabilities(all) && works;
}

std::string lockdown_mode(std::string_view text) {
  const auto open = text.find('[');
  const auto close = text.find(']', open);
  if (open == std::string_view::npos || close == std::string_view::npos) return "";
  const auto mode = text.substr(open + 1, close - open - 1);
  return mode == "none" ? "" : std::string(mode);
}

bool tracepoint_has_arguments(const btf& kernel, const char* name, unsigned count) {
  const int id = btf__find_by_name_kind(&kernel, (std::string("btf_trace_") + name).c_str(), BTF_KIND_TYPEDEF);
  if (id < 0) return false;
  const btf_type* type = btf__type_by_id(&kernel, btf__type_by_id(&kernel, static_cast<std::uint32_t>(id))->type);
  if (!btf_is_ptr(type)) return false;
  const btf_type* prototype = btf__type_by_id(&kernel, type->type);
  return btf_is_func_proto(prototype) && btf_vlen(prototype) >= count + 1U;  // the first is the probe's own data
}

bool in_host_pid_namespace() {
  struct stat status{};
  return ::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == kHostPidNamespace;
}

std::vector<Feature> probe_features(const Config& config) {
  const CPtr<btf, btf__free> kernel(btf__load_vmlinux_btf());
  const int btf_error = errno;
  const auto cgroup = config.cgroup.empty() ? find_cgroup2() : Result<std::string>(config.cgroup);
  return {
      probe_capabilities(),
      probe_lockdown(),
      probe_bpf(),
      probe_ring(),
      probe_btf(kernel.get(), btf_error),
      probe_tcx(),
      probe_clsact(),
      probe_cgroup2(cgroup),
      probe_cgroup_skb(cgroup),
      probe_tracepoint("tp_btf_kfree_skb", "kfree_skb", kernel.get(), 3,
                       "the kernel does not say why it drops packets (Linux 5.17): drops are not seen"),
      probe_tracepoint("tp_btf_inet_sock_set_state", "inet_sock_set_state", kernel.get(), 3,
                       "the kernel does not say when sockets begin to listen"),
      probe_iterator("task_file", kernel.get(), "the kernel cannot list the sockets of processes (Linux 5.8)"),
      probe_iterator("tcp", kernel.get(), "the kernel cannot list TCP sockets (Linux 5.9)"),
      probe_iterator("udp", kernel.get(), "the kernel cannot list UDP sockets (Linux 5.9)"),
      probe_pid_namespace(),
  };
}

}  // namespace sextant::datapath
