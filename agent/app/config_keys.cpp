#include "agent/app/config_keys.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <string>
#include <utility>

#include <sys/un.h>

#include "agent/audit/codes.h"
#include "agent/base/text.h"

namespace sextant::app {
namespace {

using namespace std::chrono_literals;
using C = Config;
using V = Value;

constexpr std::uint32_t kMostEntries = 1U << 24U;  // of a kernel table: 16 million, a gigabyte and more

template <class T, std::size_t N>
void read_word(const Value& v, T& to, const std::pair<std::string_view, T> (&words)[N]) {
  v.read_word(to, std::span<const std::pair<std::string_view, T>>(words));
}

void read_path_or_nothing(const Value& v, std::filesystem::path& to) {
  if (v.document().is_string() && v.document().text.empty()) {
    to.clear();
  } else {
    v.read(to);
  }
}

void read_manifests(Config& c, const Value& v) {
  const auto text = v.text();
  if (!text) return;
  if (text->empty()) return v.fail("a folder is wanted");
  c.source.manifests = *text;  // relative ones are those of --manifests
}

void read_uplinks(Config& c, const Value& v) {
  constexpr std::size_t kLongestName = 15;  // IFNAMSIZ - 1
  std::vector<std::string> names;
  for (const Value& item : v.items()) {
    auto name = item.text();
    if (!name) continue;
    const bool fits =
        !name->empty() && name->size() <= kLongestName && *name != "." && *name != ".." &&
        std::ranges::none_of(*name, [](char ch) { return ch <= ' ' || ch == '/' || ch == ':' || ch == 0x7f; });
    if (!fits) {
      item.fail(quote(*name) + " is no name of an interface");
      continue;
    }
    names.push_back(*std::move(name));
  }
  c.uplinks = std::move(names);
}

void read_ring_bytes(Config& c, const Value& v) {
  std::uint32_t bytes = c.datapath.sizes.ring_bytes;
  v.read(bytes, 4096, 1U << 30U);
  // BPF_MAP_TYPE_RINGBUF: a power of two, and whole pages (4 to 64 KiB).
  if (!std::has_single_bit(bytes)) return v.fail(std::to_string(bytes) + " is no power of two");
  c.datapath.sizes.ring_bytes = bytes;
}

bool is_release_number(std::string_view text) {
  int dots = 0;
  bool digit_before = false;
  for (const char ch : text) {
    if (ch == '.' && digit_before && dots < 2) {
      ++dots;
      digit_before = false;
    } else if (ch >= '0' && ch <= '9') {
      digit_before = true;
    } else {
      return false;
    }
  }
  return dots == 2 && digit_before;
}

void read_cilium_version(Config& c, const Value& v) {
  const std::string& text = v.document().text;  // of a number too: 1.19 is a common slip
  if (v.document().is_list() || v.document().is_map()) return v.fail("a release as 1.19.3 is wanted, or auto");
  c.cilium.version = text;
  if (text == "auto") {
    c.cilium.options.release = policy::kNewestRelease;
    return;
  }
  if (!is_release_number(text)) return v.fail(quote(text) + " is no release: 1.19.3 is one, and auto");
  auto choice = policy::release_from(text);
  if (!choice) return v.fail(choice.error().what);
  c.cilium.options.release = choice->release;
}

void read_cidr_match_mode(Config& c, const Value& v) {
  bool nodes = false;
  if (v.document().is_string() && v.document().text.empty()) {
    c.cilium.options.policy_cidr_match_nodes = false;
    return;
  }
  const std::vector<Value> items = v.document().is_list() ? v.items() : std::vector<Value>{v};
  for (const Value& item : items) {
    const auto mode = item.text();
    if (!mode) continue;
    if (*mode != "nodes") item.fail(quote(*mode) + " is not known: nodes is, or nothing");
    nodes = true;
  }
  c.cilium.options.policy_cidr_match_nodes = nodes;
}

void read_dual_stack(Config& c, const Value& v) {
  read_word<std::optional<bool>>(v, c.cilium.dual_stack, {{"auto", std::nullopt}, {"true", true}, {"false", false}});
  c.cilium.options.dual_stack = c.cilium.dual_stack.value_or(false);
}

// "auto" is what is not set: the cluster tells, or nobody.
void read_known(const Value& v, std::optional<bool>& to) {
  read_word<std::optional<bool>>(v, to, {{"auto", std::nullopt}, {"true", true}, {"false", false}});
}

void read_lb_mode(Config& c, const Value& v) {
  using audit::LbMode;
  read_word<std::optional<LbMode>>(
      v, c.cilium.forwarding.lb_mode,
      {{"auto", std::nullopt}, {"snat", LbMode::kSnat}, {"dsr", LbMode::kDsr}, {"hybrid", LbMode::kHybrid}});
}

void read_node_port_addresses(Config& c, const Value& v) {
  std::vector<Prefix> prefixes;
  v.read(prefixes);
  c.cilium.forwarding.node_port_addresses = std::move(prefixes);
}

void read_severity(Config& c, const Value& v) {
  const std::string code = v.key().substr(v.key().rfind('.') + 1);
  if (std::ranges::find(audit::kCodes, code, &audit::Code::id) == audit::kCodes.end()) {
    return v.fail(quote(code) + " is no code of a finding: SXT001 to " + std::string(audit::kCodes.back().id) + " are");
  }
  const auto text = v.text();
  if (!text) return;
  const auto severity = severity_from(*text);
  if (!severity) return v.fail(quote(*text) + " is none of info, warning or critical");
  c.findings.severities.insert_or_assign(code, *severity);
}

void read_socket(Config& c, const Value& v) {
  const auto path = v.text();
  if (!path) return;
  if (!path->starts_with('/')) return v.fail(quote(*path) + " is no absolute path");
  // sockaddr_un ends with a NUL.
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (path->size() > kLongest)
    return v.fail("longer than " + std::to_string(kLongest) + " bytes, a socket's path cannot be");
  c.api.socket = *path;
}

// "[ADDRESS]:PORT", "[fe80::1%eth0]:PORT", "192.0.2.1:PORT".
bool is_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return false;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto zone = host.find('%');
  const auto address = IpAddress::parse(host.substr(0, zone));
  if (!address || address->is_v4() == bracketed) return false;
  return zone == std::string_view::npos || (address->is_link_local() && zone + 1 < host.size());
}

void read_listen(Config& c, const Value& v) {
  std::vector<std::string> listen;
  for (const Value& item : v.items()) {
    auto text = item.text();
    if (!text) continue;
    if (!is_listen_address(*text)) {
      item.fail(quote(*text) + " is no address to listen on: '[::1]:9713' is, or '127.0.0.1:9713'");
      continue;
    }
    listen.push_back(*std::move(text));
  }
  c.api.listen = std::move(listen);
}

// A prefix that wide holds networks of too many owners to be anybody's own.
bool is_the_internet(const Prefix& prefix) {
  constexpr unsigned kShortest = 16, kShortestV4 = 96 + 8;
  if (prefix.is_v4()) return prefix.length < kShortestV4;
  return prefix.length < kShortest && (prefix.contains(kGlobalUnicast) || kGlobalUnicast.contains(prefix));
}

void read_from(Config& c, const Value& v) {
  c.api.from = {.given = true};
  for (const Value& item : v.items()) {
    const auto text = item.text();
    if (!text) continue;
    const auto prefix = Prefix::parse(*text);
    if (*text == "cluster") {
      c.api.from.cluster = true;
    } else if (!prefix) {
      item.fail(quote(*text) + " is neither a prefix nor 'cluster'");
    } else if (is_the_internet(*prefix)) {
      item.fail(quote(*text) + " is the internet: that is what api.public is for");
    } else {
      c.api.from.prefixes.push_back(*prefix);
    }
  }
}

void read_alerts(Config& c, const Value& v) {
  static constexpr std::array<std::string_view, 5> kTypes{"alertmanager", "webhook", "ntfy", "discord", "slack"};
  std::vector<Document> alerts;
  for (const Value& item : v.items()) {
    if (!item.document().is_map()) {
      item.fail("a map is wanted, not " + std::string(Document::kind_name(item.document().kind)));
      continue;
    }
    const std::string_view type = item.document().string_at("type");
    if (std::ranges::find(kTypes, type) == kTypes.end()) {
      item.fail("type " + quote(type) + " is none of alertmanager, webhook, ntfy, discord or slack");
      continue;
    }
    alerts.push_back(item.document());
  }
  c.alerts = std::move(alerts);
}

constexpr std::array kKeys{
    ConfigKey{"node.name", [](C& c, const V& v) { v.read(c.node); }},
    ConfigKey{"source.kubernetes.kubeconfig", [](C& c, const V& v) { read_path_or_nothing(v, c.source.kubeconfig); }},
    ConfigKey{"source.manifests.path", read_manifests},
    ConfigKey{"source.stale", [](C& c, const V& v) { v.read(c.source.stale, 1s); }},
    ConfigKey{"uplinks", read_uplinks},
    ConfigKey{"networks.cluster", [](C& c, const V& v) { v.read(c.cluster_networks); }},
    ConfigKey{"networks.trusted", [](C& c, const V& v) { v.read(c.trusted_networks); }},
    ConfigKey{"datapath.enabled", [](C& c, const V& v) { v.read(c.datapath.enabled); }},
    ConfigKey{"datapath.cgroup",
              [](C& c, const V& v) {
                std::filesystem::path path;
                read_path_or_nothing(v, path);
                c.datapath.cgroup = path.string();
              }},
    ConfigKey{"datapath.sizes.endpoints",
              [](C& c, const V& v) { v.read(c.datapath.sizes.endpoints, 1, kMostEntries); }},
    ConfigKey{"datapath.sizes.source-ranges",
              [](C& c, const V& v) { v.read(c.datapath.sizes.source_ranges, 1, kMostEntries); }},
    ConfigKey{"datapath.sizes.cells", [](C& c, const V& v) { v.read(c.datapath.sizes.cells, 1, kMostEntries); }},
    ConfigKey{"datapath.sizes.port-ranges",
              [](C& c, const V& v) { v.read(c.datapath.sizes.port_ranges, 1, kMostEntries); }},
    ConfigKey{"datapath.sizes.rows", [](C& c, const V& v) { v.read(c.datapath.sizes.rows, 1, kMostEntries); }},
    ConfigKey{"datapath.sizes.attempts", [](C& c, const V& v) { v.read(c.datapath.sizes.attempts, 1, kMostEntries); }},
    ConfigKey{"datapath.sizes.ring-bytes", read_ring_bytes},
    ConfigKey{"cilium.version", read_cilium_version},
    ConfigKey{"cilium.cluster-name", [](C& c, const V& v) { v.read(c.cilium.options.cluster_name); }},
    ConfigKey{"cilium.enable-policy",
              [](C& c, const V& v) {
                using policy::EnablePolicy;
                read_word<EnablePolicy>(v, c.cilium.options.enable_policy,
                                        {{"default", EnablePolicy::kDefault},
                                         {"always", EnablePolicy::kAlways},
                                         {"never", EnablePolicy::kNever}});
              }},
    ConfigKey{"cilium.enable-host-firewall", [](C& c, const V& v) { v.read(c.cilium.options.enable_host_firewall); }},
    ConfigKey{"cilium.allow-localhost",
              [](C& c, const V& v) {
                read_word<bool>(v, c.cilium.options.allow_localhost,
                                {{"auto", true}, {"always", true}, {"policy", false}});
              }},
    ConfigKey{"cilium.policy-default-local-cluster",
              [](C& c, const V& v) {
                read_word<std::optional<bool>>(v, c.cilium.options.policy_default_local_cluster,
                                               {{"auto", std::nullopt}, {"true", true}, {"false", false}});
              }},
    ConfigKey{"cilium.enable-node-selector-labels",
              [](C& c, const V& v) { v.read(c.cilium.options.enable_node_selector_labels); }},
    ConfigKey{"cilium.policy-cidr-match-mode", read_cidr_match_mode},
    ConfigKey{"cilium.dual-stack", read_dual_stack},
    ConfigKey{"cilium.kube-proxy-replacement",
              [](C& c, const V& v) { read_known(v, c.cilium.forwarding.kube_proxy_replacement); }},
    ConfigKey{"cilium.bpf-lb-mode", read_lb_mode},
    ConfigKey{"cilium.routing-mode",
              [](C& c, const V& v) {
                read_word<std::optional<bool>>(v, c.cilium.forwarding.tunnel,
                                               {{"auto", std::nullopt}, {"native", false}, {"tunnel", true}});
              }},
    ConfigKey{"cilium.bpf-lb-external-clusterip",
              [](C& c, const V& v) { read_known(v, c.cilium.forwarding.external_cluster_ip); }},
    ConfigKey{"cilium.bpf-lb-source-range-all-types",
              [](C& c, const V& v) { read_known(v, c.cilium.forwarding.ranges_for_all_types); }},
    ConfigKey{"cilium.nodeport-addresses", read_node_port_addresses},
    ConfigKey{"cilium.bpffs", [](C& c, const V& v) { v.read(c.cilium.bpffs); }},
    ConfigKey{"cilium.settle", [](C& c, const V& v) { v.read(c.cilium.settle, 0s); }},
    ConfigKey{"canary.enabled", [](C& c, const V& v) { v.read(c.canary.enabled); }},
    ConfigKey{"canary.interval", [](C& c, const V& v) { v.read(c.canary.interval, 1s); }},
    ConfigKey{"canary.rate", [](C& c, const V& v) { v.read(c.canary.rate, 1, 10'000); }},
    ConfigKey{"contract.path", [](C& c, const V& v) { read_path_or_nothing(v, c.contract); }},
    ConfigKey{"findings.quiet", [](C& c, const V& v) { v.read(c.findings.quiet, 1s); }},
    ConfigKey{"findings.severities.*", read_severity},
    ConfigKey{"api.socket", read_socket},
    ConfigKey{"api.listen", read_listen},
    ConfigKey{"api.from", read_from},
    ConfigKey{"api.public", [](C& c, const V& v) { v.read(c.api.allow_public); }},
    ConfigKey{"store.path", [](C& c, const V& v) { v.read(c.store.path); }},
    ConfigKey{"store.keep", [](C& c, const V& v) { v.read(c.store.keep, 1h); }},
    ConfigKey{"alerts", read_alerts},
    ConfigKey{"log.level",
              [](C& c, const V& v) {
                read_word<std::string>(
                    v, c.log.level,
                    {{"trace", "trace"}, {"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}});
              }},
    ConfigKey{"log.format",
              [](C& c, const V& v) { read_word<std::string>(v, c.log.format, {{"text", "text"}, {"json", "json"}}); }},
};

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

}  // namespace sextant::app
