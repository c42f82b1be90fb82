#include "agent/app/cli/command_tree.h"

#include <algorithm>
#include <array>

#include "agent/app/cli/command_options.h"
#include "agent/app/cli/help.h"
#include "agent/app/cli/text.h"
#include "agent/base/spelling.h"

namespace sextant::app::cli {
namespace {

constexpr std::string_view kProgram = "sextant";

// Verbs of the public interface that this version does not have yet.
constexpr std::array<std::string_view, 2> kLaterVerbs{"verify", "probe"};

// "; did you mean 'x'?" when one of `known` is close.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const auto nearest = std::ranges::min_element(known, {}, [&](const auto& k) { return edit_distance(word, k); });
  if (nearest == known.end() || edit_distance(word, *nearest) > std::max<std::size_t>(2, word.size() / 3)) return {};
  return "; did you mean " + in_quotes(*nearest) + "?";
}

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The first word that nothing took.
std::string extra_text(const CLI::App& app, const std::string& word) {
  if (!word.starts_with('-')) return "unexpected " + in_quotes(word);
  const std::string option = word.substr(0, word.find('='));
  return "no option " + in_quotes(option) + did_you_mean(option, option_names(app));
}

}  // namespace

struct CommandTree::State {
  explicit State(Context given) : context(std::move(given)), app("", context.program) {
    app.description("What the internet can reach in an IPv6 cluster, and whether that was intended.");
    app.set_help_flag("-h,--help", "Help");
    app.add_flag("-V,--version", version, "The version, as the verb prints it");
    app.require_subcommand(0, 1);
    declare_cluster_options(app, parsed);
    declare_global_options(app, parsed);
    declare_verbs(app, parsed, context.now);
  }

  UsageError usage_error(const CLI::App* verb, const std::string& what) const {
    const std::string name = verb == nullptr ? "" : verb->get_name();
    return {.what = name.empty() ? what : name + ": " + what,
            .see = context.program + (name.empty() ? "" : " " + name) + " --help"};
  }

  const CLI::App* verb_given() const {
    const auto given = app.get_subcommands();
    return given.empty() ? nullptr : given.front();
  }

  UsageError extras_error() const {
    const std::vector<std::string> own = app.remaining(false);
    const CLI::App* verb = verb_given();
    if (own.empty() || verb != nullptr) {
      const CLI::App& where = own.empty() && verb != nullptr ? *verb : app;
      const auto extras = app.remaining(true);
      return usage_error(verb, extra_text(where, extras.empty() ? "" : extras.front()));
    }
    if (own[0].starts_with('-')) return usage_error(nullptr, extra_text(app, own[0]));
    return no_such_verb(own[0]);
  }

  UsageError no_such_verb(std::string_view word) const {
    if (std::ranges::find(kLaterVerbs, word) != kLaterVerbs.end())
      return {.what = std::string(word) + ": not in this version"};
    return usage_error(nullptr, "no verb " + in_quotes(word) + did_you_mean(word, verb_names(app)));
  }

  // What only the whole command line can tell.
  std::expected<CommandLine, UsageError> judged() {
    CommandLine& line = parsed.line;
    if (version && verb_given() == nullptr) line.verb = Verb::kVersion;
    const FindingsOptions& f = line.findings;
    if (!f.id.empty() && (f.all || f.since || !f.severities.empty() || !f.codes.empty() || !f.ns.empty() || f.watch))
      return std::unexpected(usage_error(verb_given(), "ID shows one finding: no other choice goes with it"));
    if (f.watch && f.fail_on)
      return std::unexpected(usage_error(verb_given(), "--watch never ends, so --fail-on cannot tell"));
    const ExplainOptions& e = line.explain;
    if (!e.offline.cilium.empty() && e.offline.manifests.empty() && e.batch.empty())
      return std::unexpected(usage_error(verb_given(), "--cilium requires --manifests or --batch"));
    if (auto wrong = choose_cluster()) return std::unexpected(*std::move(wrong));
    if (parsed.server) {
      line.global.server = *parsed.server;
      return line;
    }
    const char* from_env = context.env ? context.env("SEXTANT_SERVER") : nullptr;
    auto server = server_from(from_env != nullptr && *from_env != '\0' ? from_env : kDefaultServer);
    if (!server) return std::unexpected(UsageError{.what = "$SEXTANT_SERVER: " + server.error().what});
    line.global.server = *std::move(server);
    return line;
  }

  // A plugin of kubectl asks the cluster, unless it is told which daemon.
  std::optional<UsageError> choose_cluster() {
    CommandLine& line = parsed.line;
    const bool by_socket = parsed.server && !parsed.server->socket.empty();
    if (parsed.asks_cluster && by_socket)
      return usage_error(verb_given(),
                         "--cluster asks an API server: --server is where a `kubectl proxy` answers, such "
                         "as http://127.0.0.1:8001");
    const bool plugin = context.program != kProgram && !by_socket;
    if (!parsed.asks_cluster && !plugin) return std::nullopt;
    if (line.verb == Verb::kBench)
      return usage_error(verb_given(), "it is this machine that is measured: for a node, kubectl -n " +
                                           parsed.cluster.ns + " exec POD -- sextant bench");
    const bool explains = line.explain.offline.manifests.empty() && line.explain.batch.empty();
    const bool one = (line.verb == Verb::kExplain && explains) || line.findings.watch || line.attempts.watch ||
                     (line.verb == Verb::kLint && line.lint.offline.manifests.empty());
    if (one)
      return usage_error(verb_given(), "one daemon is asked for this: kubectl -n " + parsed.cluster.ns +
                                           " exec POD -- sextant " + verb_given()->get_name());
    line.global.cluster = parsed.cluster;
    line.global.cluster->proxy = parsed.server;
    return std::nullopt;
  }

  Context context;
  Parsed parsed{};
  bool version = false;
  CLI::App app;
};

CommandTree::CommandTree(const Context& context) : state_(std::make_unique<State>(context)) {}
CommandTree::~CommandTree() = default;

std::expected<CommandLine, UsageError> CommandTree::parse(const std::vector<std::string>& args) {
  State& s = *state_;
  try {
    s.app.parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 takes them from the back
    return s.judged();
  } catch (const CLI::CallForHelp&) {
    s.parsed.line.verb = Verb::kHelp;
    s.parsed.line.help_on = s.verb_given() == nullptr ? "" : s.verb_given()->get_name();
    return s.parsed.line;
  } catch (const CLI::ExtrasError&) {
    return std::unexpected(s.extras_error());
  } catch (const CLI::Error& error) {
    return std::unexpected(s.usage_error(s.verb_given(), error.what()));
  }
}

std::expected<std::string, UsageError> CommandTree::help(std::string_view verb, std::size_t columns) const {
  if (verb.empty()) return help_text(state_->app, state_->context.program, columns);
  for (const CLI::App* sub : state_->app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == verb) return help_text(*sub, state_->context.program, columns);
  }
  return std::unexpected(state_->no_such_verb(verb));
}

const CLI::App& CommandTree::app() const { return state_->app; }

}  // namespace sextant::app::cli
