#include "agent/app/cli/offline.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "agent/app/cli/text.h"
#include "agent/app/explain.h"
#include "agent/audit/auditor.h"
#include "agent/audit/exposure_diff.h"
#include "agent/audit/services/service_rows.h"
#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::app::cli {
namespace {

struct Gathered {
  std::vector<Object> objects{};
  std::vector<manifests::Problem> problems{};
  std::size_t files = 0;
  std::size_t ignored = 0;
};

Result<manifests::Loaded> read_input(std::istream& in) {
  std::string text(manifests::kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return failure("read standard input: it broke off");
  if (text.size() > manifests::kMaxFileBytes)
    return failure("read standard input: longer than " + std::to_string(manifests::kMaxFileBytes) + " bytes");
  return manifests::load_text(text, "stdin");
}

Result<Gathered> gather(const std::vector<std::string>& paths, std::istream& in) {
  Gathered all;
  std::map<ObjectKey, std::string> places;
  for (const auto& path : paths) {
    auto loaded = path == "-" ? read_input(in) : manifests::load(path);
    if (!loaded) return Failure(loaded.error());
    all.files += loaded->files;
    all.ignored += loaded->ignored;
    all.problems.insert(all.problems.end(), loaded->problems.begin(), loaded->problems.end());
    for (auto& object : loaded->objects) {
      const ObjectKey key = key_of(object);
      const Origin& origin = origin_of(object);
      const auto [place, added] = places.emplace(key, origin.to_string());
      if (added) {
        all.objects.push_back(std::move(object));
      } else {
        all.problems.push_back({.file = origin.file,
                                .line = origin.line,
                                .cause = key.to_string() + " is in " + place->second + " already"});
      }
    }
  }
  return all;
}

Failure nothing_read(const Gathered& all) {
  std::string what = "the manifests hold no object that Sextant reads (" + counted(all.files, "file", "files");
  if (all.ignored > 0) what += ", " + counted(all.ignored, "object", "objects") + " of other kinds";
  return failure(what + ")");
}

// The node asked about: as said, or the only one there is.
Result<std::string> local_node(const std::string& asked, const std::vector<Object>& objects) {
  std::vector<std::string> names;
  for (const auto& object : objects) {
    if (const auto* node = std::get_if<Node>(&object)) names.push_back(node->name);
  }
  if (asked.empty()) return names.size() == 1 ? names[0] : std::string{};
  if (!names.empty() && std::ranges::find(names, asked) == names.end())
    return failure("--node: the manifests hold no Node " + in_quotes(asked));
  return asked;
}

// Where packets may enter: at the node that is asked about, else at every one.
std::vector<std::string> entry_nodes(const World& world) {
  if (!world.local_node().empty()) return {world.local_node()};
  std::vector<std::string> names;
  for (const auto& [name, node] : world.nodes()) names.push_back(name);
  return names;
}

}  // namespace

struct Offline::State {
  State(const std::string& node, const policy::Options& options, const audit::Forwarding& known, Gathered gathered)
      : problems(std::move(gathered.problems)),
        world(world_of(node, std::move(gathered.objects))),
        engine(world, as_the_cluster_is(options, world)),
        forwarding(audit::completed(known, world)) {}

  static World world_of(const std::string& node, std::vector<Object> objects) {
    World world(node);
    for (auto& object : objects) world.apply(std::move(object));
    return world;
  }
  static policy::Options as_the_cluster_is(policy::Options options, const World& world) {
    options.dual_stack = options.dual_stack || world.is_dual_stack();
    return options;
  }

  audit::ServiceGround services(const audit::Lookups& lookups) const {
    return {.world = world,
            .lookups = lookups,
            .forwarding = forwarding,
            .entry_nodes = entry_nodes(world),
            .expect_addresses = true};
  }

  std::vector<manifests::Problem> problems;
  World world;
  policy::Engine engine;
  audit::Forwarding forwarding;
};

Offline::Offline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Offline::Offline(Offline&&) noexcept = default;
Offline::~Offline() = default;

Result<Offline> Offline::load(const OfflineOptions& options, std::istream& in) {
  if (std::ranges::count(options.manifests, "-") > 1)
    return failure("--manifests: standard input can be read only once");
  auto gathered = gather(options.manifests, in);
  if (!gathered) return Failure(gathered.error());
  if (gathered->objects.empty() && gathered->problems.empty()) return nothing_read(*gathered);
  const auto node = local_node(options.node, gathered->objects);
  if (!node) return Failure(node.error());
  return Offline(std::make_unique<State>(*node, options.engine, options.forwarding, *std::move(gathered)));
}

const std::vector<manifests::Problem>& Offline::problems() const { return state_->problems; }

const World& Offline::world() const { return state_->world; }
const policy::Engine& Offline::engine() const { return state_->engine; }

std::vector<PolicyProblem> Offline::policy_problems() const { return state_->engine.problems(); }

std::vector<Exposure> Offline::exposure() const {
  std::vector<Exposure> exposures;
  for (const auto& endpoint : audit::public_endpoints(state_->world)) {
    const auto intent = audit::intent_of(state_->engine, endpoint);
    if (intent) std::ranges::move(audit::exposures_of(*intent, endpoint.detail), std::back_inserter(exposures));
  }
  const audit::Lookups lookups = audit::lookups_of(state_->engine);
  for (const audit::DoorPassages& door : audit::passages_of(state_->services(lookups)))
    std::ranges::move(audit::exposures_of(state_->world, door), std::back_inserter(exposures));
  return exposures;
}

Result<report::ExplainView> Offline::explain(const ExplainOptions& options) const {
  const policy::Engine& engine = state_->engine;
  const audit::Lookups lookups = audit::lookups_of(engine);
  const ExplainGround ground{
      .engine = engine,
      .services = state_->services(lookups),
      .decide = [&engine](const policy::Subject& to, const policy::Peer& from, Protocol protocol,
                          std::uint16_t port) { return engine.decide(to, from, protocol, port, true); },
      .cilium_release = std::string(policy::to_string(engine.options().release))};
  return app::explain(
      ground, {.to = options.to, .from = options.from, .protocol = options.port.protocol, .port = options.port.port});
}

}  // namespace sextant::app::cli
