#include "agent/app/config.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <utility>

#include <unistd.h>

#include "agent/app/config_keys.h"
#include "agent/base/spelling.h"
#include "agent/app/config_value.h"
#include "agent/base/text.h"

namespace sextant::app {
namespace {

using Problems = std::vector<ConfigProblem>;

constexpr std::string_view kAnyName = "*";

std::string_view parent_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}
std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

std::string join(std::string_view section, std::string_view key) {
  return section.empty() ? std::string(key) : std::string(section) + "." + std::string(key);
}

const ConfigKey* find_key(std::string_view path) {
  const auto keys = config_keys();
  const auto found = std::ranges::find_if(keys, [&](const ConfigKey& key) {
    return key.path == path ||
           (last_part(key.path) == kAnyName && !parent_of(path).empty() && parent_of(key.path) == parent_of(path));
  });
  return found == keys.end() ? nullptr : &*found;
}

// The whole configuration is the section "".
bool is_section(std::string_view path) {
  if (path.empty()) return true;
  return std::ranges::any_of(config_keys(), [&](const ConfigKey& key) {
    return key.path.size() > path.size() && key.path.starts_with(path) && key.path[path.size()] == '.';
  });
}

// The key or section most like `path`. A key of the same name in another section is nearer than any slip of the pen.
std::string nearest(std::string_view path) {
  path = path.substr(0, 200);
  std::string best;
  std::pair<bool, std::size_t> least{true, static_cast<std::size_t>(-1)};
  const auto consider = [&](std::string_view candidate) {
    const std::pair distance{last_part(candidate) != last_part(path), edit_distance(path, candidate)};
    if (distance >= least) return;
    least = distance;
    best = candidate;
  };
  for (const ConfigKey& key : config_keys()) {
    const bool any = last_part(key.path) == kAnyName;
    for (auto candidate = any ? parent_of(key.path) : key.path; !candidate.empty(); candidate = parent_of(candidate)) {
      consider(candidate);
    }
  }
  return best;
}

// A path that somebody made up, fit to be told.
std::string shown(const std::string& path) {
  constexpr std::size_t kLong = 80;
  const bool plain = path.size() <= kLong && std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f; });
  return plain ? path : quote(path);
}

// What was written, of the file and of the command line; a later setting of a key replaces the earlier one.
class Settings {
 public:
  explicit Settings(Problems& problems) : problems_(problems) {}

  // False when the text is no YAML: then nothing is known of what it says.
  bool add_file(const ConfigText& from) {
    const Place& place = places_.emplace_back(Place{.name = from.name.empty() ? "configuration" : from.name});
    auto documents = parse_yaml(from.text);
    if (!documents) {
      const TextError error = text_error(documents.error());
      problems_.push_back({.where = place.at(error.line), .cause = error.cause});
      return false;
    }
    if (documents->size() > 1) {
      problems_.push_back({.where = place.at((*documents)[1].line), .cause = "more than one YAML document"});
    }
    if (!documents->empty()) add(documents->front(), "", place);
    return true;
  }

  void add_override(std::string_view text) {
    const auto equals = text.find('=');
    const std::string path(text.substr(0, equals));
    const Place& place = places_.emplace_back(Place{.name = "--set " + shown(path), .is_override = true});
    if (equals == std::string_view::npos || path.empty()) {
      problems_.push_back({.where = "--set " + quote(text), .cause = "key.path=value is wanted"});
      return;
    }
    add(value_of(text.substr(equals + 1)), path, place);
  }

  void read_into(Config& config) const {
    for (const Setting& setting : settings_) {
      const Value value(setting.document, setting.path, *setting.place, problems_);
      setting.key->read(config, value);
      config.given.insert(setting.path);
    }
  }

  enum class Given : std::uint8_t { kNo, kInFile, kByOverride };
  // Whether a section stands there, empty or not, that is not null.
  Given section(std::string_view path) const {
    const auto found = std::ranges::find(sections_, path, &Section::path);
    if (found == sections_.end()) return Given::kNo;
    return found->place->is_override ? Given::kByOverride : Given::kInFile;
  }

 private:
  struct Setting {
    std::string path{};
    const ConfigKey* key = nullptr;
    Document document{};
    const Place* place = nullptr;
  };
  struct Section {
    std::string path{};
    const Place* place = nullptr;
  };

  // What is no YAML is taken as it is: --set api.listen=[::1]:9713
  static Document value_of(std::string_view text) {
    auto documents = parse_yaml(text);
    if (documents && documents->empty()) return {};
    if (documents && documents->size() == 1) return std::move(documents->front());
    return {.kind = Document::Kind::kString, .text = std::string(text)};
  }

  void add(const Document& document, const std::string& path, const Place& place) {
    if (const ConfigKey* key = find_key(path)) return set(document, path, *key, place);
    if (!is_section(path)) return unknown(document, path, place);
    if (document.is_null()) return unset(path);
    if (!document.is_map()) {
      problems_.push_back({.where = place.at(document.line),
                           .key = path,
                           .cause = "a map is wanted, not " + std::string(Document::kind_name(document.kind))});
      return;
    }
    note_section(path, place);
    for (const auto& [key, value] : document.members) add(value, join(path, key), place);
  }

  void set(const Document& document, const std::string& path, const ConfigKey& key, const Place& place) {
    std::erase_if(settings_, [&](const Setting& s) { return s.path == path; });
    if (document.is_null()) return;
    for (auto section = parent_of(path); !section.empty(); section = parent_of(section)) note_section(section, place);
    settings_.push_back({.path = path, .key = &key, .document = document, .place = &place});
  }

  // `--set source.kubernetes=null` takes back what the file says.
  void unset(std::string_view section) {
    const auto below = [&](std::string_view path) {
      return path == section || (path.starts_with(section) && path[section.size()] == '.');
    };
    std::erase_if(settings_, [&](const Setting& s) { return below(s.path); });
    std::erase_if(sections_, [&](const Section& s) { return below(s.path); });
  }

  void note_section(std::string_view path, const Place& place) {
    std::erase_if(sections_, [&](const Section& s) { return s.path == path; });
    sections_.push_back({.path = std::string(path), .place = &place});
  }

  void unknown(const Document& document, const std::string& path, const Place& place) {
    const std::uint32_t line = document.key_line == 0 ? document.line : document.key_line;
    problems_.push_back({.where = place.at(line),
                         .key = shown(path),
                         .cause = "unknown key; the nearest known one is " + nearest(path)});
  }

  Problems& problems_;
  std::deque<Place> places_{};  // a deque: settings point into it
  std::vector<Setting> settings_{};
  std::vector<Section> sections_{};
};

// Exactly one. What the command line names displaces what the file names.
void choose_source(const Settings& settings, const std::string& where, Config& config, Problems& problems) {
  using Given = Settings::Given;
  Given kubernetes = settings.section("source.kubernetes");
  Given manifests = settings.section("source.manifests");
  if (manifests == Given::kByOverride && kubernetes == Given::kInFile) kubernetes = Given::kNo;
  if (kubernetes == Given::kByOverride && manifests == Given::kInFile) manifests = Given::kNo;
  const auto fail = [&](std::string cause) {
    problems.push_back({.where = where, .key = "source", .cause = std::move(cause)});
  };
  if (kubernetes != Given::kNo && manifests != Given::kNo)
    return fail("kubernetes and manifests: exactly one is wanted");
  if (kubernetes == Given::kNo && manifests == Given::kNo)
    return fail("neither kubernetes nor manifests: exactly one is wanted");
  config.source.kubernetes = kubernetes != Given::kNo;
  if (config.source.kubernetes) {
    config.source.manifests.reset();
  } else if (!config.source.manifests && problems.empty()) {
    problems.push_back({.where = where, .key = "source.manifests.path", .cause = "missing"});
  }
}

std::string default_node_name() {
  if (const char* name = std::getenv("NODE_NAME"); name != nullptr && *name != '\0') return name;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return {};
  return host.data();
}

}  // namespace

std::string ConfigProblem::to_string() const { return where + ": " + (key.empty() ? "" : key + ": ") + cause; }

std::expected<Config, std::vector<ConfigProblem>> parse_config(const ConfigText& from) {
  Problems problems;
  Settings settings(problems);
  const bool known = settings.add_file(from);
  for (const std::string& text : from.overrides) settings.add_override(text);

  Config config;
  settings.read_into(config);
  const std::string where = from.name.empty() ? "configuration" : from.name;
  if (known) choose_source(settings, where, config, problems);
  if (config.node.empty()) config.node = default_node_name();
  if (config.node.empty())
    problems.push_back({.where = where, .key = "node.name", .cause = "missing, and so is the host's name"});
  // The engine wants the networks among its options.
  config.cilium.options.cluster_networks = config.cluster_networks;
  config.cilium.options.trusted_networks = config.trusted_networks;
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return config;
}

}  // namespace sextant::app
