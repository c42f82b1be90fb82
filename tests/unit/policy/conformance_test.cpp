// The engine against Cilium's own: every verdict of the adopted corpus, for every release.
#include "tests/unit/policy/conformance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace sextant::policy::conformance {
namespace {

struct Tally {
  std::size_t right = 0, wrong = 0, unknown = 0, no_verdict = 0;
  std::size_t chance = 0;  // unknown, because the release itself leaves it to chance
  std::size_t invalid_missed = 0, invalid_invented = 0;
};

std::string short_key(const PolicyRef& ref) {
  return std::string(short_name(ref.kind)) + " " + (ref.ns.empty() ? "" : ref.ns + "/") + ref.name;
}

std::string text_of(const Check& check) {
  const auto peer = [](auto kind, const std::string& ns, const std::string& name) {
    return std::to_string(static_cast<int>(kind)) + ":" + ns + "/" + name;
  };
  const std::string from = check.from.kind == Peer::Kind::kAddress
                               ? check.from.address.to_string()
                               : peer(check.from.kind, check.from.ns, check.from.name);
  return from + " -> " + peer(check.to.kind, check.to.ns, check.to.name) + " " + to_string(check.protocol) + "/" +
         std::to_string(check.port);
}

class Corpus : public ::testing::Test {
 protected:
  void run(Scenario& scenario) {
    for (const Release release : kReleases) {
      Tally& tally = tallies_[{scenario.family, release}];
      Options options = scenario.options;
      options.release = release;
      const Engine engine(scenario.world, options);
      const bool computed =
          std::ranges::any_of(scenario.checks, [&](const Check& c) { return c.verdicts.contains(release); });
      if (computed) check_invalid(scenario, release, engine, tally);
      for (const Check& check : scenario.checks) run(scenario, check, release, engine, tally);
    }
  }

  void run(const Scenario& scenario, const Check& check, Release release, const Engine& engine, Tally& tally) {
    const auto wanted = check.verdicts.find(release);
    if (wanted == check.verdicts.end()) {
      ++tally.no_verdict;
      return;
    }
    const Result<Decision> decision = engine.decide(check.to, check.from, check.protocol, check.port);
    const Verdict verdict = decision ? decision->verdict : Verdict::kUnknown;
    if (verdict == wanted->second) {
      ++tally.right;
    } else if (decision && decision->why.contains("leaves it to chance")) {
      ++tally.chance;
    } else if (verdict == Verdict::kUnknown) {
      ++tally.unknown;
      show(scenario, release, text_of(check) + ": unknown: " + (decision ? decision->why : decision.error().what));
    } else {
      ++tally.wrong;
      show(scenario, release,
           text_of(check) + ": " + std::string(to_string(verdict)) + ", Cilium says " +
               std::string(to_string(wanted->second)) + " (" + decision->why + ")");
    }
  }

  void check_invalid(const Scenario& scenario, Release release, const Engine& engine, Tally& tally) {
    std::map<std::string, std::string> found;
    for (const PolicyProblem& problem : engine.problems()) {
      if (problem.rejected) found.emplace(short_key(problem.policy), problem.reason);
    }
    const auto wanted = scenario.invalid.find(release);
    const std::set<std::string> none;
    const std::set<std::string>& listed = wanted == scenario.invalid.end() ? none : wanted->second;
    for (const std::string& key : listed) {
      if (found.contains(key)) continue;
      ++tally.invalid_missed;
      show(scenario, release, key + " is accepted, Cilium rejects it");
    }
    for (const auto& [key, reason] : found) {
      if (listed.contains(key)) continue;
      ++tally.invalid_invented;
      show(scenario, release, key + " is rejected (" + reason + "), Cilium accepts it");
    }
  }

  // The first few of each family and release.
  void show(const Scenario& scenario, Release release, const std::string& text) {
    const char* most = std::getenv("SEXTANT_CONFORMANCE_SHOW");
    if (++shown_[{scenario.family, release}] <= (most != nullptr ? std::atoi(most) : 3)) {
      std::printf("  %s %s: %s\n", scenario.id.c_str(), std::string(to_string(release)).c_str(), text.c_str());
    }
  }

  void print() const {
    std::printf("%-20s %-8s %8s %6s %8s %7s %11s %7s %9s\n", "family", "release", "right", "wrong", "unknown", "chance",
                "no verdict", "missed", "invented");
    for (const auto& [key, t] : tallies_) {
      std::printf("%-20s %-8s %8zu %6zu %8zu %7zu %11zu %7zu %9zu\n", key.first.c_str(),
                  std::string(to_string(key.second)).c_str(), t.right, t.wrong, t.unknown, t.chance, t.no_verdict,
                  t.invalid_missed, t.invalid_invented);
    }
  }

  std::map<std::pair<std::string, Release>, Tally> tallies_{};
  std::map<std::pair<std::string, Release>, int> shown_{};
};

std::vector<std::string> corpus_files() {
  const char* full = std::getenv("SEXTANT_CONFORMANCE");
  const char* only = std::getenv("SEXTANT_CONFORMANCE_FAMILY");
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(full != nullptr ? full : TEST_DATA "/conformance")) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".jsonl.gz") && (only == nullptr || name.starts_with(only)))
      files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

TEST_F(Corpus, HasTheVerdictsOfCiliumsOwnEngine) {
  const std::vector<std::string> files = corpus_files();
  ASSERT_FALSE(files.empty());
  for (const std::string& file : files) {
    const Result<> read = for_each_line(file, [&](std::string_view line) {
      Result<Scenario> scenario = read_scenario(line);
      ASSERT_TRUE(scenario) << scenario.error().what;
      run(*scenario);
    });
    ASSERT_TRUE(read) << read.error().what;
  }
  print();
  for (const auto& [key, tally] : tallies_) {
    EXPECT_EQ(tally.wrong, 0u) << key.first << " " << to_string(key.second);
    EXPECT_EQ(tally.unknown, 0u) << key.first << " " << to_string(key.second);
    EXPECT_LE(tally.chance * 1000, tally.right) << key.first << " " << to_string(key.second);
    EXPECT_EQ(tally.invalid_missed + tally.invalid_invented, 0u) << key.first << " " << to_string(key.second);
  }
}

}  // namespace

// ---- Reading
// ---------------------------------------------------------------------------------------------------------

namespace {

template <class Kind>
Result<> read_end(const Document& end, Kind& kind, std::string& ns, std::string& name, IpAddress* address) {
  if (end.members.size() != 1) return failure("an end of a check has one member");
  const auto& [key, value] = end.members.front();
  const std::string& text = value.text;
  if (key == "pod") {
    kind = Kind::kPod;
    ns = text.substr(0, text.find('/'));
    name = text.substr(text.find('/') + 1);
  } else if (key == "node") {
    kind = Kind::kNode;
    name = text;
  } else if (key == "address" && address != nullptr) {
    const Result<IpAddress> parsed = IpAddress::parse(text);
    if (!parsed) return Failure(parsed.error());
    *address = *parsed;
  } else if (key == "entity" && text == "health") {
    kind = Kind::kHealth;
  } else if (key == "entity" && text == "ingress") {
    kind = Kind::kIngress;
  } else if (key == "entity" && text == "init") {
    kind = Kind::kInit;
  } else if (key == "entity" && text == "unmanaged") {
    if constexpr (requires { Kind::kUnmanaged; }) kind = Kind::kUnmanaged;
  } else {
    return failure("'" + key + ": " + text + "' is no end of a check");
  }
  return {};
}

Verdict verdict_of(std::string_view text) {
  return text == "allow"      ? Verdict::kAllow
         : text == "deny"     ? Verdict::kDeny
         : text == "redirect" ? Verdict::kRedirect
                              : Verdict::kAuth;
}

Protocol protocol_of(std::string_view text) {
  return text == "TCP"    ? Protocol::kTcp
         : text == "UDP"  ? Protocol::kUdp
         : text == "SCTP" ? Protocol::kSctp
         : text == "ICMP" ? Protocol::kIcmp
                          : Protocol::kIcmpv6;
}

bool truth(const Document& map, std::string_view key) {
  const Document* value = map.get(key);
  return value != nullptr && value->boolean;
}

Options read_options(const Document& cluster) {
  Options options;
  options.cluster_name = cluster.string_at("name");
  options.dual_stack = cluster.string_at("families") == "dual";
  const std::string_view mode = cluster.string_at("enable-policy");
  options.enable_policy = mode == "always"  ? EnablePolicy::kAlways
                          : mode == "never" ? EnablePolicy::kNever
                                            : EnablePolicy::kDefault;
  options.allow_localhost = cluster.string_at("allow-localhost") != "policy";
  options.enable_host_firewall = truth(cluster, "enable-host-firewall");
  if (const Document* local = cluster.get("policy-default-local-cluster"))
    options.policy_default_local_cluster = local->boolean;
  options.enable_node_selector_labels = truth(cluster, "enable-node-selector-labels");
  options.policy_cidr_match_nodes = cluster.string_at("policy-cidr-match-mode") == "nodes";
  return options;
}

Result<Check> read_check(const Document& document) {
  Check check;
  const Document* to = document.get("to");
  const Document* from = document.get("from");
  if (to == nullptr || from == nullptr) return failure("a check needs to and from");
  if (const auto read = read_end(*to, check.to.kind, check.to.ns, check.to.name, nullptr); !read)
    return Failure(read.error());
  if (const auto read = read_end(*from, check.from.kind, check.from.ns, check.from.name, &check.from.address); !read) {
    return Failure(read.error());
  }
  check.protocol = protocol_of(document.string_at("protocol"));
  if (const Document* port = document.get("port")) check.port = static_cast<std::uint16_t>(port->integer);
  if (const Document* verdicts = document.get("verdict")) {
    for (const auto& [version, text] : verdicts->members) {
      if (const auto release = release_from(version)) check.verdicts[release->release] = verdict_of(text.text);
    }
  }
  return check;
}

}  // namespace

Result<Scenario> read_scenario(std::string_view line) {
  const Result<Document> document = parse_json(line);
  if (!document) return Failure(document.error());
  Scenario scenario;
  scenario.id = document->string_at("id");
  scenario.family = document->string_at("family");
  const Document* cluster = document->get("cluster");
  const Document* objects = document->get("objects");
  const Document* checks = document->get("checks");
  if (cluster == nullptr || objects == nullptr || checks == nullptr)
    return failure(scenario.id + ": cluster, objects or checks missing");
  scenario.options = read_options(*cluster);
  scenario.world = World(std::string(cluster->string_at("node")));
  for (const Document& object : objects->items) {
    Result<std::optional<Object>> decoded = decode(object, {});
    if (!decoded) return because(scenario.id, decoded.error());
    if (*decoded) scenario.world.apply(std::move(**decoded));
  }
  for (const Document& item : checks->items) {
    Result<Check> check = read_check(item);
    if (!check) return because(scenario.id, check.error());
    scenario.checks.push_back(std::move(*check));
  }
  if (const Document* invalid = document->get("invalid")) {
    for (const auto& [version, reasons] : invalid->members) {
      const auto release = release_from(version);
      if (!release) continue;
      for (const Document& reason : reasons.items) {
        scenario.invalid[release->release].insert(reason.text.substr(0, reason.text.find(": ")));
      }
    }
  }
  return scenario;
}

Result<> for_each_line(const std::string& path, const std::function<void(std::string_view)>& use) {
  struct Close {
    void operator()(FILE* file) const { ::pclose(file); }
  };
  const std::unique_ptr<FILE, Close> pipe(::popen(("gzip -dc '" + path + "'").c_str(), "r"));
  if (!pipe) return failure("cannot read " + path);
  char* line = nullptr;
  std::size_t size = 0;
  for (ssize_t length; (length = ::getline(&line, &size, pipe.get())) > 0;) {
    use(std::string_view(line, static_cast<std::size_t>(length)));
  }
  std::free(line);
  return {};
}

}  // namespace sextant::policy::conformance
