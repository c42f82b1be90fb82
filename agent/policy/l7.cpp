#include "agent/policy/l7.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "agent/policy/go_number.h"
#include "agent/policy/go_regex.h"
#include "agent/policy/release.h"

namespace sextant::policy {
namespace {

// pkg/policy/l4.go: ListenerPriority…
constexpr std::uint8_t kHttpPriority = 101, kKafkaPriority = 106, kProxylibPriority = 111, kTlsPriority = 116,
                       kDnsPriority = 121;

std::size_t length(const Document* list) { return list != nullptr && list->is_list() ? list->items.size() : 0; }

// The sum that Cilium calls the rules' length: with 0 the rules count as absent.
std::size_t rule_count(const Document& rules, Release release) {
  std::size_t count = length(rules.get("http")) + length(rules.get("dns"));
  if (has(release, Trait::kKafkaAndL7Proto)) count += length(rules.get("kafka")) + length(rules.get("l7"));
  return count;
}

void check_regex(const Fields& fields, std::string_view key, const Path& path, Report& report) {
  const std::string text = fields.text(key);
  if (text.empty()) return;
  if (const std::optional<std::string> wrong = regex_error(text)) report.reject(path / key, *wrong);
}

void check_header_match(const Document& document, const Path& path, Report& report) {
  const Fields fields(document, path, report);
  if (fields.text("name").empty()) report.reject(path / "name", "a header match needs a name");
  const std::string mismatch = fields.text("mismatch");
  if (!mismatch.empty() && mismatch != "LOG" && mismatch != "ADD" && mismatch != "DELETE" && mismatch != "REPLACE") {
    report.reject(path / "mismatch", "'" + mismatch + "' is no action");
  }
  if (const Document* secret = fields.map("secret")) {
    const Path at = path / "secret";
    if (Fields(*secret, at, report).text("name").empty()) report.reject(at / "name", "a secret needs a name");
  }
}

void check_http(const Document& list, const Path& path, Report& report) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Path at = path[i];
    const Fields fields(list.items[i], at, report);
    fields.note_unknown({"path", "method", "host", "headers", "headerMatches"});
    check_regex(fields, "path", at, report);
    check_regex(fields, "method", at, report);
    fields.text("host");
    fields.texts("headers");
    if (const Document* matches = fields.list("headerMatches")) {
      const Path here = at / "headerMatches";
      for (std::size_t m = 0; m < matches->items.size(); ++m) check_header_match(matches->items[m], here[m], report);
    }
  }
}

constexpr std::array<std::string_view, 34> kKafkaKeys{"produce",
                                                      "fetch",
                                                      "offsets",
                                                      "metadata",
                                                      "leaderandisr",
                                                      "stopreplica",
                                                      "updatemetadata",
                                                      "controlledshutdown",
                                                      "offsetcommit",
                                                      "offsetfetch",
                                                      "findcoordinator",
                                                      "joingroup",
                                                      "heartbeat",
                                                      "leavegroup",
                                                      "syncgroup",
                                                      "describegroups",
                                                      "listgroups",
                                                      "saslhandshake",
                                                      "apiversions",
                                                      "createtopics",
                                                      "deletetopics",
                                                      "deleterecords",
                                                      "initproducerid",
                                                      "offsetforleaderepoch",
                                                      "addpartitionstotxn",
                                                      "addoffsetstotxn",
                                                      "endtxn",
                                                      "writetxnmarkers",
                                                      "txnoffsetcommit",
                                                      "describeacls",
                                                      "createacls",
                                                      "deleteacls",
                                                      "describeconfigs",
                                                      "alterconfigs"};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_kafka_topic(std::string_view topic) {
  constexpr std::size_t kLongest = 255;
  return topic.size() <= kLongest && std::ranges::all_of(topic, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-' || c == '\\';
         });
}

// pkg/policy/api/kafka (github.com/cilium/proxy): PortRule.Sanitize.
void check_kafka(const Document& list, const Path& path, Report& report) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Path at = path[i];
    const Fields fields(list.items[i], at, report);
    const std::string role = lower(fields.text("role"));
    const std::string key = lower(fields.text("apiKey"));
    const std::string version = fields.text("apiVersion");
    const std::string topic = fields.text("topic");
    fields.text("clientID");
    if (!role.empty() && !key.empty()) report.reject(at, "role and apiKey exclude each other");
    if (!key.empty() && std::ranges::find(kKafkaKeys, key) == kKafkaKeys.end())
      report.reject(at / "apiKey", "'" + key + "' is no key of Kafka's protocol");
    if (!role.empty() && role != "produce" && role != "consume")
      report.reject(at / "role", "must be produce or consume");
    if (!version.empty() && parse_unsigned(version, 10, 15).error != NumberError::kNone)
      report.reject(at / "apiVersion", "'" + version + "' is no number up to 32767");
    if (!is_kafka_topic(topic)) report.reject(at / "topic", "'" + topic + "' is no name of a topic");
  }
}

void check_dns(const Document& list, const Path& path, Report& report) {
  for (std::size_t i = 0; i < list.items.size(); ++i) check_dns_match(list.items[i], path[i], report);
}

void check_key_values(const Document& list, const Path& path, Report& report) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    for (const auto& [key, value] : list.items[i].members) {
      if (key.empty()) report.reject(path[i], "an empty key is not allowed");
    }
  }
}

// pkg/policy/api/rule_validation.go:L7Rules.sanitize.
void check_rules(const Document& rules, const Path& path, const PortReading& reading, bool has_ports, Report& report) {
  const Fields fields(rules, path, report);
  int kinds = 0;
  if (const Document* http = fields.list("http")) {
    ++kinds;
    check_http(*http, path / "http", report);
  }
  if (const Document* dns = fields.list("dns")) {
    ++kinds;
    if (!has_ports) report.reject(path / "dns", "port 53 must be given for DNS rules");
    check_dns(*dns, path / "dns", report);
  }
  if (has(reading.release, Trait::kKafkaAndL7Proto)) {
    if (const Document* kafka = fields.list("kafka")) {
      ++kinds;
      check_kafka(*kafka, path / "kafka", report);
    }
    const bool named = !fields.text("l7proto").empty();
    const Document* l7 = fields.list("l7");
    if (l7 != nullptr && !named) report.reject(path / "l7", "needs l7proto");
    if (named) {
      ++kinds;
      if (l7 != nullptr) check_key_values(*l7, path / "l7", report);
    }
  }
  if (kinds > 1) report.reject(path, "rules of more than one L7 protocol");
}

void check_ports_of_rules(const Path& path, bool dns, const std::vector<PortItem>& ports, const Document* written,
                          Report& report) {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (!dns && ports[i].protocol != Protocol::kTcp) {
      report.reject(path, "L7 rules can only apply to TCP, except DNS rules");
    }
    if (ports[i].name.empty() && ports[i].port == 0) report.reject(path, "L7 rules cannot be used with port 0");
    if (!dns || written == nullptr) continue;
    const Document* end = written->items[i].get("endPort");
    if (end != nullptr && ports[i].name.empty() && end->integer > ports[i].port) {
      report.reject(path, "DNS rules do not support port ranges");
    }
  }
}

void take_parser(Redirect& redirect, std::string parser, std::uint8_t priority) {
  redirect.parser = std::move(parser);
  redirect.priority = priority;
}

}  // namespace

void check_dns_match(const Document& document, const Path& path, Report& report) {
  const Fields fields(document, path, report);
  const std::string name = fields.text("matchName");
  const std::string pattern = fields.text("matchPattern");
  const auto allowed = [](std::string_view text, bool stars) {
    return std::ranges::all_of(text, [stars](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
             c == '.' || (stars && c == '*');
    });
  };
  if (!name.empty() && !allowed(name, false)) report.reject(path / "matchName", "has characters that no name has");
  if (!pattern.empty() && (!allowed(pattern, true) || pattern.size() > 255)) {
    report.reject(path / "matchPattern", "has characters that no pattern has, or is longer than 255");
  }
}

L7Kinds l7_kinds(const Document& to_ports, Release release) {
  L7Kinds kinds;
  for (const Document& rule : to_ports.items) {
    const Document* rules = rule.get("rules");
    if (rules == nullptr || !rules->is_map() || rule_count(*rules, release) == 0) continue;
    kinds.any = true;
    kinds.dns = kinds.dns || length(rules->get("dns")) > 0;
    kinds.http = kinds.http || length(rules->get("http")) > 0;
    kinds.kafka = kinds.kafka || (has(release, Trait::kKafkaAndL7Proto) && length(rules->get("kafka")) > 0);
  }
  return kinds;
}

Redirect read_redirect(const Document& port_rule, const Path& path, const PortReading& reading,
                       const std::vector<PortItem>& ports, Report& report) {
  const Fields fields(port_rule, path, report);
  const Document* rules = fields.map("rules");
  const Document* terminating = fields.map("terminatingTLS");
  const Document* originating = fields.map("originatingTLS");
  const Document* listener = fields.map("listener");
  const std::vector<std::string> names = fields.texts("serverNames").value_or(std::vector<std::string>{});
  const std::size_t count = rules != nullptr ? rule_count(*rules, reading.release) : 0;
  const bool dns = rules != nullptr && length(rules->get("dns")) > 0;
  if (reading.ingress && dns) report.reject(path / "rules", "DNS rules are not allowed on ingress");
  if (!names.empty() && count > 0 && terminating == nullptr) {
    report.reject(path / "serverNames", "are not allowed with L7 rules unless TLS is terminated");
  }
  if (std::ranges::find(names, "") != names.end())
    report.reject(path / "serverNames", "an empty server name is not allowed");
  if (listener != nullptr && reading.ingress) report.reject(path / "listener", "is not allowed on ingress");
  if (listener != nullptr && count > 0) report.reject(path / "listener", "is not allowed with L7 rules");
  if (rules != nullptr) {
    Fields(*rules, path / "rules", report).note_unknown({"http", "kafka", "dns", "l7proto", "l7"});
  }
  if (count > 0) {
    check_ports_of_rules(path / "rules", dns, ports, port_rule.get("ports"), report);
    check_rules(*rules, path / "rules", reading, !ports.empty(), report);
  }

  Redirect redirect;
  redirect.has_rules = count > 0;
  redirect.server_names = !names.empty();
  redirect.terminates_tls = terminating != nullptr;
  if (terminating != nullptr || originating != nullptr || !names.empty()) take_parser(redirect, "tls", kTlsPriority);
  if (rules == nullptr) return redirect;
  if (dns) {
    take_parser(redirect, "dns", kDnsPriority);
  } else if (length(rules->get("http")) > 0) {
    take_parser(redirect, "http", kHttpPriority);
  } else if (has(reading.release, Trait::kKafkaAndL7Proto)) {
    const std::string named(rules->string_at("l7proto"));
    if (length(rules->get("kafka")) > 0) {
      take_parser(redirect, "kafka", kKafkaPriority);
    } else if (!named.empty() && (count > 0 || has(reading.release, Trait::kRedirectWithoutRules))) {
      take_parser(redirect, named, kProxylibPriority);
    }
  }
  return redirect;
}

}  // namespace sextant::policy
