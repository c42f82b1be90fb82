#include "agent/kube/cilium_facts.h"

namespace sextant::kube {

std::string release_in_image(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const auto slash = image.rfind('/');
  const auto colon = image.rfind(':');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) return {};
  std::string_view tag = image.substr(colon + 1);
  if (tag.starts_with('v')) tag.remove_prefix(1);
  // "1.19.3-cee.1" is built on 1.19.3; "1.20.0-rc.1" comes before 1.20.0, and its semantics are nobody's yet.
  const auto dash = tag.find('-');
  if (dash != std::string_view::npos && tag.substr(dash).starts_with("-rc")) return {};
  tag = tag.substr(0, dash);
  int dots = 0;
  bool digit = false;
  for (const char c : tag) {
    if (c == '.' && digit) {
      ++dots;
      digit = false;
    } else if (c >= '0' && c <= '9') {
      digit = true;
    } else {
      return {};
    }
  }
  return dots == 2 && digit ? std::string(tag) : std::string();
}

std::string cilium_agent_image(const Document& pod) {
  const Document* labels = pod.at({"metadata", "labels"});
  if (labels == nullptr || labels->string_at("k8s-app") != "cilium") return {};
  const Document* containers = pod.at({"spec", "containers"});
  if (containers == nullptr) return {};
  for (const Document& container : containers->items) {
    if (container.string_at("name") == "cilium-agent") return std::string(container.string_at("image"));
  }
  return {};
}

std::map<std::string, std::string, std::less<>> config_data(const Document& config_map) {
  std::map<std::string, std::string, std::less<>> data;
  const Document* members = config_map.get("data");
  if (members == nullptr) return data;
  for (const auto& [key, value] : members->members) data.emplace(key, value.text);
  return data;
}

}  // namespace sextant::kube
