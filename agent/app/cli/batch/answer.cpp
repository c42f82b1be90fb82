#include "agent/app/cli/batch/answer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "agent/app/cli/batch/scenario.h"
#include "agent/base/text.h"
#include "agent/policy/inquiry.h"

namespace sextant::app::cli {
namespace {

constexpr std::array kVerdicts{Verdict::kUnknown, Verdict::kDeny, Verdict::kAllow, Verdict::kRedirect, Verdict::kAuth};
using VerdictTexts = std::array<std::string, kVerdicts.size()>;  // by verdict: "1.17.0":"allow"

std::string in_json(std::string_view text) { return boost::json::serialize(boost::json::string(text)); }

// "key":value, of a map that `map` is the inside of.
void add_member(std::string& map, std::string_view key, std::string_view json) {
  if (!map.empty()) map += ',';
  map += in_json(key) + ":";
  map += json;
}

// The distinct ends of a scenario's checks, by their text.
template <class End>
class EndTable {
 public:
  // The index in `ends`, where a new one is added.
  template <class Read>
  Result<std::uint32_t> index(std::string_view text, const Read& read, std::vector<End>& ends) {
    const auto [at, added] = index_.try_emplace(text, static_cast<std::uint32_t>(ends.size()));
    if (!added) return at->second;
    Result<End> end = read(text);
    if (!end) return Failure(end.error());
    ends.push_back(*std::move(end));
    return at->second;
  }

 private:
  std::unordered_map<std::string_view, std::uint32_t> index_{};
};

// One release's engine for one scenario.
struct Judge {
  Judge(std::size_t its_version, const World& world, const policy::Options& options, const policy::Ends& ends)
      : version(its_version), engine(world, options), inquiry(engine, ends) {}

  std::size_t version;  // index
  policy::Engine engine;
  policy::Inquiry inquiry;
};

// A part of the text and what takes its place.
struct Edit {
  CheckText::Place place{};
  std::string_view text{};
};

// Appends text[from, to) with the edits made. `edits` are in order of their places.
void append_edited(std::string& out, std::string_view text, CheckText::Place part, std::span<const Edit> edits) {
  std::size_t from = part.begin;
  for (const Edit& edit : edits) {
    out.append(text, from, edit.place.begin - from);
    out.append(edit.text);
    from = edit.place.end;
  }
  out.append(text, from, part.end - from);
}

// The versions asked for, and how each says each verdict.
struct Asked {
  std::vector<Version> versions{};
  std::vector<VerdictTexts> texts{};
};

// The work on one line.
class Line {
 public:
  // `answered` is a buffer, to be used again.
  Line(const Asked& asked, std::string& answered, std::string_view line)
      : asked_(asked), answered_(answered), line_(line) {
    answered_.clear();
  }

  Result<> answer(std::string& out) {
    JsonReader reader(line_);
    std::size_t last_value_end = 0;
    reader.members([&](std::string_view key) {
      take(reader, key);
      last_value_end = reader.position();
    });
    const std::size_t end = reader.position();
    reader.finish();
    if (cluster_.empty()) reader.fail("the scenario has no 'cluster'", 0);
    if (objects_.empty()) reader.fail("the scenario has no 'objects'", 0);
    if (checks_.end == 0) reader.fail("the scenario has no 'checks'", 0);
    if (const auto read = reader.result(); !read) return read;
    if (answered_.empty()) {  // the checks came before what they are judged by
      JsonReader late(line_.substr(0, checks_.end), checks_.begin);
      answer_checks(late);
      if (const auto read = late.result(); !read) return read;
    }
    write(last_value_end, end, out);
    return {};
  }

 private:
  void take(JsonReader& reader, std::string_view key) {
    if (key == "cluster") {
      cluster_ = once(reader, key, cluster_.empty());
    } else if (key == "objects") {
      objects_ = once(reader, key, objects_.empty());
    } else if (key == "invalid") {
      invalid_ = place_of(reader, once(reader, key, invalid_.end == 0));
    } else if (key != "checks") {
      reader.skip();
    } else if (cluster_.empty() || objects_.empty() || checks_.end != 0) {
      checks_ = place_of(reader, once(reader, key, checks_.end == 0));
    } else {
      checks_.begin = reader.next();
      answer_checks(reader);
      checks_.end = reader.position();
    }
  }

  static std::string_view once(JsonReader& reader, std::string_view key, bool first) {
    if (!first) reader.fail("duplicate key " + quote(key));
    return reader.skip();
  }
  static CheckText::Place place_of(const JsonReader& reader, std::string_view value) {
    return {.begin = reader.position() - value.size(), .end = reader.position()};
  }

  Result<> compile() {
    const Result<Document> cluster = parse_json(cluster_);
    if (!cluster) return failure("cluster: " + text_error(cluster.error()).cause);
    Result<Document> objects = parse_json(objects_);
    if (!objects) return failure("objects: " + text_error(objects.error()).cause);
    Result<Scenario> scenario = read_scenario(*cluster, *std::move(objects));
    if (!scenario) return Failure(scenario.error());
    scenario_ = *std::move(scenario);
    judges_.reserve(asked_.versions.size());
    for (std::size_t i = 0; i < asked_.versions.size(); ++i) {
      policy::Options options = scenario_.options;
      options.release = asked_.versions[i].release;
      if (lacks(scenario_, options.release).empty()) judges_.emplace_back(i, scenario_.world, options, ends_);
    }
    return {};
  }

  void answer_checks(JsonReader& reader) {
    if (const auto compiled = compile(); !compiled) return reader.fail(compiled.error().what, reader.next());
    std::size_t written = reader.next();
    reader.items([&] {
      const CheckText check = read_check(reader);
      if (!reader.ok()) return;
      answered_.append(line_, written, check.all.begin - written);
      if (const auto answered = answer_check(check); !answered) reader.fail(answered.error().what, check.all.begin);
      written = check.all.end;
    });
    if (reader.ok()) answered_.append(line_, written, reader.position() - written);
  }

  Result<> answer_check(const CheckText& check) {
    const auto to = subjects_.index(check.to, read_subject, ends_.subjects);
    if (!to) return Failure(to.error());
    const auto from = peers_.index(check.from, read_peer, ends_.peers);
    if (!from) return Failure(from.error());
    verdicts_.clear();
    why_.clear();
    for (Judge& judge : judges_) {
      const Verdict verdict = scenario_.unknown_option.empty()
                                  ? judge.inquiry.verdict(*to, *from, check.protocol, check.port)
                                  : Verdict::kUnknown;
      if (!verdicts_.empty()) verdicts_ += ',';
      verdicts_ += asked_.texts[judge.version][static_cast<std::size_t>(verdict)];
      if (verdict == Verdict::kUnknown)
        add_member(why_, asked_.versions[judge.version].name, in_json(why(judge, *to, *from, check)));
    }
    write_check(check);
    return {};
  }

  std::string why(const Judge& judge, std::uint32_t to, std::uint32_t from, const CheckText& check) const {
    if (!scenario_.unknown_option.empty())
      return "cluster." + scenario_.unknown_option + " is no option whose effect is known";
    const auto decision = judge.engine.decide(ends_.subjects[to], ends_.peers[from], check.protocol, check.port);
    return decision ? decision->why : decision.error().what;
  }

  // Turns verdicts_ and why_, the insides of maps, into edits of the check.
  void write_check(const CheckText& check) {
    const CheckText::Place last{check.last_value_end, check.last_value_end};
    std::array<Edit, 2> edits{};
    std::size_t count = 0;
    const auto put = [&](const CheckText::Place& place, std::string_view key, std::string& map) {
      const bool there = place.end != 0;
      map.insert(0, there ? "{" : key).append(1, '}');
      edits[count++] = {there ? place : last, map};
    };
    put(check.verdict, ",\"verdict\":{", verdicts_);
    if (!why_.empty() || check.why.end != 0) put(check.why, ",\"why\":{", why_);
    if (count == 2 && edits[1].place.begin < edits[0].place.begin) std::swap(edits[0], edits[1]);
    append_edited(answered_, line_, check.all, std::span(edits).first(count));
  }

  // {"1.19.3":["CNP home/allow-2: why Cilium refuses it"]} without the braces.
  std::string invalid() const {
    std::string versions;
    for (const Judge& judge : judges_) {
      std::string refused;
      for (const PolicyProblem& problem : judge.engine.problems()) {
        if (!problem.rejected) continue;
        const PolicyRef& policy = problem.policy;
        refused += refused.empty() ? "" : ",";
        refused += in_json(std::string(short_name(policy.kind)) + " " + (policy.ns.empty() ? "" : policy.ns + "/") +
                           policy.name + ": " + problem.reason);
      }
      if (!refused.empty()) add_member(versions, asked_.versions[judge.version].name, "[" + refused + "]");
    }
    return versions;
  }

  void write(std::size_t last_value_end, std::size_t end, std::string& out) const {
    std::string refused = invalid();
    std::vector<Edit> edits{{checks_, answered_}};
    if (invalid_.end != 0) {
      refused = "{" + refused + "}";
      edits.push_back({invalid_, refused});
    } else if (!refused.empty()) {
      refused = ",\"invalid\":{" + refused + "}";
      edits.push_back({{last_value_end, last_value_end}, refused});
    }
    std::ranges::stable_sort(edits, {}, [](const Edit& edit) { return edit.place.begin; });
    append_edited(out, line_, {0, end}, edits);
    out += '\n';
  }

  const Asked& asked_;
  std::string& answered_;
  std::string_view line_;
  std::string_view cluster_{}, objects_{};
  CheckText::Place checks_{}, invalid_{};
  Scenario scenario_{};
  policy::Ends ends_{};
  EndTable<policy::Subject> subjects_{};
  EndTable<policy::Peer> peers_{};
  std::vector<Judge> judges_{};
  std::string verdicts_{}, why_{};  // of one check, by release
};

}  // namespace

struct ScenarioAnswerer::State {
  Asked asked{};
  std::string answered{};
};

ScenarioAnswerer::ScenarioAnswerer(std::vector<Version> versions) : state_(std::make_unique<State>()) {
  for (const Version& version : versions) {
    VerdictTexts& texts = state_->asked.texts.emplace_back();
    for (const Verdict verdict : kVerdicts)
      add_member(texts[static_cast<std::size_t>(verdict)], version.name, in_json(to_string(verdict)));
  }
  state_->asked.versions = std::move(versions);
}
ScenarioAnswerer::~ScenarioAnswerer() = default;
ScenarioAnswerer::ScenarioAnswerer(ScenarioAnswerer&&) noexcept = default;

Result<> ScenarioAnswerer::answer(std::string_view line, std::string& out) {
  if (const auto broken = find_invalid_utf8(line))
    return failure("column " + std::to_string(*broken + 1) + ": not UTF-8");
  return Line(state_->asked, state_->answered, line).answer(out);
}

}  // namespace sextant::app::cli
