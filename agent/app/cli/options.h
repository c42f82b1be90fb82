// What a command line asks for, as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/app/cli/server_address.h"
#include "agent/app/names.h"
#include "agent/audit/services/forwarding.h"
#include "agent/base/clock.h"
#include "agent/model/finding.h"
#include "agent/policy/engine.h"

namespace sextant::app::cli {

// The last four are for verbs that report results.
enum class Output : std::uint8_t { kTable, kWide, kJson, kYaml, kTap, kJunit, kSarif, kMarkdown };

// Every node's daemon is asked, through the cluster's API server.
struct ClusterOptions {
  std::string kubeconfig{};              // empty: $KUBECONFIG, else ~/.kube/config
  std::string context{};                 // empty: the current one
  std::string ns = "sextant";            // where Sextant's pods are
  std::optional<ServerAddress> proxy{};  // of `kubectl proxy`, instead of a kubeconfig
};

// On every verb.
struct GlobalOptions {
  ServerAddress server{};
  std::optional<ClusterOptions> cluster{};  // instead of `server`
  Output output = Output::kTable;
  bool no_color = false;
  std::chrono::milliseconds timeout{5000};  // for each answer of the daemon
};

struct FindingsOptions {
  std::string id{};  // empty: all of them
  bool all = false;  // resolved ones too
  std::optional<Time> since{};
  std::vector<std::string> severities{};
  std::vector<std::string> codes{};
  std::string ns{};
  bool watch = false;
  std::optional<Severity> fail_on{};
};

// The offline verbs: manifests instead of a daemon.
struct OfflineOptions {
  std::vector<std::string> manifests{};  // empty: ask the daemon; "-" is standard input
  std::string node{};                    // the node that the question is asked on; empty: the only one, else none
  policy::Options engine{};
  audit::Forwarding forwarding{};     // how services are translated; what is not given is not known
  std::vector<std::string> cilium{};  // every --cilium, as given; engine.release is the last
};

struct EndpointsOptions {
  std::string name{};  // "NS/POD", "POD", "node/NAME"; empty: all
  std::string ns{};
  bool all = false;          // every source class, not only public ones
  bool only_public = false;  // said so
};

struct ExposureOptions {
  std::string name{};
  std::string ns{};
  OfflineOptions offline{};
};

struct ExplainOptions {
  std::string batch{};  // a file of scenarios, "-" for standard input; then nothing else but offline.cilium counts
  std::string to{};
  std::string from{};
  PortAndProtocol port{};
  OfflineOptions offline{};
};

struct LintOptions {
  OfflineOptions offline{};
  Severity least = Severity::kInfo;  // remarks below are not told
};

struct DiffOptions {
  std::vector<std::string> trees{};  // OLD and NEW; with from_cilium and to_cilium one
  std::optional<policy::Release> from_cilium{};
  std::optional<policy::Release> to_cilium{};
  std::string from_text{};  // the versions as they were given
  std::string to_text{};
  OfflineOptions offline{};  // but for `manifests`
};

struct AttemptsOptions {
  std::uint32_t top = 20;  // 0: all
  std::string ns{};
  bool watch = false;
};

struct BenchOptions {
  std::vector<std::uint32_t> prefixes{};  // how many policies name: a table for each
  std::chrono::milliseconds duration{5000};
};

enum class Shell : std::uint8_t { kBash, kZsh, kFish };

enum class Verb : std::uint8_t {
  kHelp,
  kStatus,
  kFindings,
  kEndpoints,
  kExposure,
  kExplain,
  kLint,
  kDiff,
  kAttempts,
  kBench,
  kCompletion,
  kVersion
};

struct CommandLine {
  Verb verb = Verb::kHelp;
  GlobalOptions global{};
  FindingsOptions findings{};
  EndpointsOptions endpoints{};
  ExposureOptions exposure{};
  ExplainOptions explain{};
  LintOptions lint{};
  DiffOptions diff{};
  AttemptsOptions attempts{};
  BenchOptions bench{};
  Shell shell = Shell::kBash;
  std::string help_on{};  // the verb that help was asked for; empty: all of them
};

}  // namespace sextant::app::cli
