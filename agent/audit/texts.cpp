#include "agent/audit/texts.h"

#include <algorithm>

namespace sextant::audit::texts {

std::string port(Protocol protocol, std::uint16_t port) {
  if (has_ports(protocol)) return std::to_string(port) + "/" + to_string(protocol);
  if (protocol == Protocol::kIcmpv6 || protocol == Protocol::kIcmp) {
    return to_string(protocol) + " type " + std::to_string(port);
  }
  return to_string(protocol);
}

std::string class_name(const SourceClass& source) {
  const bool everyone = source.name == "::/0" || source.name == kGlobalUnicast.to_string();
  return everyone ? "world" : source.name;
}

std::string source(const SourceClass& source) {
  const std::string name = class_name(source);
  return name == "world" ? "the internet" : name;
}

std::vector<PolicyRef> distinct(std::vector<PolicyRef> policies) {
  std::vector<PolicyRef> objects;
  for (PolicyRef& policy : policies) {
    const bool known = std::ranges::any_of(objects, [&](const PolicyRef& object) {
      return object.kind == policy.kind && object.ns == policy.ns && object.name == policy.name;
    });
    if (!known) objects.push_back(std::move(policy));
  }
  return objects;
}

std::string policies(const std::vector<PolicyRef>& policies) {
  std::vector<std::string> names;
  for (const PolicyRef& policy : distinct(policies)) names.push_back(policy.to_string());
  return list(names, 1);
}

std::string list(const std::vector<std::string>& items, std::size_t most) {
  std::string text;
  const std::size_t shown = std::min(items.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  if (items.size() > shown) text += " and " + std::to_string(items.size() - shown) + " more";
  return text;
}

std::string duration(std::chrono::seconds duration) {
  const auto s = duration.count();
  if (s >= 3600 && s % 3600 == 0) return std::to_string(s / 3600) + "h";
  if (s >= 60 && s % 60 == 0) return std::to_string(s / 60) + "m";
  return std::to_string(s) + "s";
}

Evidence intended(const IntentCell& cell) {
  return {.witness = Witness::kIntended,
          .verdict = cell.verdict,
          .detail = cell.why.empty() ? std::string(to_string(cell.because)) : cell.why};
}

Evidence listening(const std::optional<ListeningView>& view) {
  if (!view) return not_looked(Witness::kListening, "no socket could be looked at");
  Evidence evidence{.witness = Witness::kListening, .verdict = view->verdict, .detail = "nothing listens there"};
  if (view->verdict == Verdict::kAllow) {
    evidence.detail = view->pid == 0 ? "the kernel itself listens"
                                     : view->process + " (pid " + std::to_string(view->pid) + ") listens";
  }
  return evidence;
}

Evidence not_looked(Witness witness, std::string detail) {
  return {.witness = witness, .verdict = std::nullopt, .detail = std::move(detail)};
}

}  // namespace sextant::audit::texts
