#include "agent/datapath/features.h"

#include <algorithm>
#include <string>
#include <vector>

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "agent/datapath/datapath.h"

namespace sextant::datapath {
namespace {

using testing::HasSubstr;

const Feature* find(const std::vector<Feature>& features, std::string_view name) {
  const auto found = std::ranges::find(features, name, &Feature::name);
  return found == features.end() ? nullptr : &*found;
}

// Runs `claim` in a child without capabilities; true: it held.
template <class Claim>
bool holds_without_rights(Claim claim) {
  const pid_t child = ::fork();
  if (child == 0) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    ::_exit(::syscall(SYS_capset, &header, none) == 0 && claim() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(LockdownMode, IsTheOneInBrackets) {
  EXPECT_EQ(lockdown_mode("none [integrity] confidentiality\n"), "integrity");
  EXPECT_EQ(lockdown_mode("none integrity [confidentiality]\n"), "confidentiality");
  EXPECT_EQ(lockdown_mode("[none] integrity confidentiality\n"), "");
  EXPECT_EQ(lockdown_mode(""), "");
  EXPECT_EQ(lockdown_mode("[none"), "");
}

TEST(MissingCapabilities, AreNamedOneByOne) {
  EXPECT_TRUE(holds_without_rights(
      [] { return missing_capabilities() == std::vector<std::string>{"CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN"}; }));
}

TEST(ProbeFeatures, WithoutRightsNamesWhatIsMissing) {
  EXPECT_TRUE(holds_without_rights([] {
    const auto features = probe_features({});
    const Feature* skb = find(features, "cgroup_skb");
    return skb != nullptr && !skb->available && skb->reason.find("CAP_BPF") != std::string::npos;
  }));
}

TEST(ProbeFeatures, NamesEachOnceAndSaysWhyNot) {
  const auto features = probe_features({});
  for (const auto& feature : features) {
    EXPECT_EQ(std::ranges::count(features, feature.name, &Feature::name), 1) << feature.name;
    EXPECT_TRUE(feature.available || !feature.reason.empty()) << feature.name;
  }
  for (const char* name : {"bpf", "btf", "ringbuf", "tcx", "clsact", "cgroup2", "cgroup_skb", "tp_btf_kfree_skb",
                           "iter_task_file", "iter_udp", "capabilities", "lockdown", "host_pid"}) {
    EXPECT_NE(find(features, name), nullptr) << name;
  }
}

TEST(ProbeFeatures, SaysThatACgroupIsNotTheRoot) {
  const auto features = probe_features({.cgroup = "/tmp"});
  EXPECT_FALSE(find(features, "cgroup2")->available);
  EXPECT_THAT(find(features, "cgroup2")->reason, HasSubstr("is not the root of the node's cgroups"));
  EXPECT_FALSE(find(features, "cgroup_skb")->available);
}

TEST(ProbeFeatures, SaysThatACgroupIsNotThere) {
  const auto features = probe_features({.cgroup = "/nonexistent"});
  EXPECT_FALSE(find(features, "cgroup2")->available);
  EXPECT_THAT(find(features, "cgroup2")->reason, HasSubstr("No such file"));
}

// int (*)(void *, a, b) behind a typedef, as the kernel's BTF has its tracepoints.
TEST(TracepointHasArguments, CountsThoseOfThePrototype) {
  const CPtr<btf, btf__free> kernel(btf__new_empty());
  const int number = btf__add_int(kernel.get(), "int", 4, BTF_INT_SIGNED);
  const int prototype = btf__add_func_proto(kernel.get(), 0);
  for (const char* name : {"data", "skb", "location"}) ASSERT_EQ(btf__add_func_param(kernel.get(), name, number), 0);
  const int pointer = btf__add_ptr(kernel.get(), prototype);
  ASSERT_GT(btf__add_typedef(kernel.get(), "btf_trace_kfree_skb", pointer), 0);
  ASSERT_GT(btf__add_typedef(kernel.get(), "btf_trace_odd", number), 0);

  EXPECT_TRUE(tracepoint_has_arguments(*kernel, "kfree_skb", 2));
  EXPECT_FALSE(tracepoint_has_arguments(*kernel, "kfree_skb", 3));
  EXPECT_FALSE(tracepoint_has_arguments(*kernel, "odd", 0));
  EXPECT_FALSE(tracepoint_has_arguments(*kernel, "absent", 0));
}

}  // namespace
}  // namespace sextant::datapath
