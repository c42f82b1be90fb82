// The daemon's configuration: one YAML file and --set overrides, as INTERFACES says.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/audit/services/forwarding.h"
#include "agent/base/document.h"
#include "agent/base/ip.h"
#include "agent/base/result.h"
#include "agent/datapath/datapath.h"
#include "agent/model/finding.h"
#include "agent/policy/engine.h"

namespace sextant::app {

struct Config {
  std::set<std::string, std::less<>> given{};  // keys that are written somewhere: "cilium.enable-policy"
  std::string node{};                          // node.name; default $NODE_NAME, else the host's name
  struct Source {
    std::optional<std::filesystem::path> manifests{};  // source.manifests.path
    bool kubernetes = false;                           // source.kubernetes
    std::filesystem::path kubeconfig{};
    std::chrono::seconds stale{600};  // source.stale
  } source{};
  std::vector<std::string> uplinks{};
  std::vector<Prefix> cluster_networks{};  // networks.cluster
  std::vector<Prefix> trusted_networks{};  // networks.trusted
  struct {
    bool enabled = true;
    std::string cgroup{};
    datapath::Sizes sizes{};
  } datapath{};
  struct {
    policy::Options options{};         // release, enable-policy, host firewall...; networks are filled in too
    std::string version = "auto";      // as written
    std::optional<bool> dual_stack{};  // cilium.dual-stack; nullopt: auto. What is set is in options too
    audit::Forwarding forwarding{};    // kube-proxy-replacement and the like; what is not set is auto
    std::chrono::seconds settle{10};   // cilium.settle
    std::filesystem::path bpffs = "/sys/fs/bpf";
  } cilium{};
  struct {
    bool enabled = false;
    std::chrono::seconds interval{60};
    unsigned rate = 20;
  } canary{};
  std::filesystem::path contract{};  // contract.path
  struct {
    std::chrono::seconds quiet{600};
    std::map<std::string, Severity, std::less<>> severities{};  // findings.severities: {SXT005: critical}
  } findings{};
  struct {
    std::string socket = "/run/sextant/sextant.sock";
    std::vector<std::string> listen{"[::1]:9713"};
    bool allow_public = false;  // api.public
    struct {
      bool given = false;    // else whoever reaches a listener is answered
      bool cluster = false;  // the cluster's nodes and pods
      std::vector<Prefix> prefixes{};
    } from{};  // api.from
  } api{};
  struct {
    std::filesystem::path path = "/var/lib/sextant/sextant.db";
    std::chrono::hours keep{24 * 90};
  } store{};
  std::vector<Document> alerts{};  // validated by type; read by the sinks
  struct {
    std::string level = "info";   // trace, debug, info, warn, error
    std::string format = "text";  // text, json
  } log{};
};

// Where a configuration is wrong; all of them, not only the first.
struct ConfigProblem {
  std::string where{};  // "sextant.yaml:12", "--set api.listen"
  std::string key{};    // "api.listen[0]"
  std::string cause{};
  std::string to_string() const;  // "sextant.yaml:12: api.listen[0]: cause"
};

struct ConfigText {
  std::string name{};                    // of the file, for errors
  std::string text{};                    // YAML; may be empty
  std::vector<std::string> overrides{};  // "key.path=value", values are YAML
};

// Unknown keys, wrong types and bad values are problems; unknown keys name the nearest known one. A cluster source and
// a manifests source together, or neither, is a problem; one that an override names displaces the file's. A null is the
// key left out. On failure every problem is returned.
std::expected<Config, std::vector<ConfigProblem>> parse_config(const ConfigText& from);

}  // namespace sextant::app
