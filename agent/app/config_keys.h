// Every key of the configuration, once: its path and what becomes of its value.
#pragma once

#include <span>
#include <string_view>

#include "agent/app/config.h"
#include "agent/app/config_value.h"

namespace sextant::app {

struct ConfigKey {
  // "api.listen". A last part "*" stands for keys that the user names: "findings.severities.*".
  std::string_view path{};
  // Never called with null: that is the key left out.
  void (*read)(Config& to, const Value& value) = nullptr;
};
std::span<const ConfigKey> config_keys();

}  // namespace sextant::app
