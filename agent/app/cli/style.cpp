#include "agent/app/cli/style.h"

namespace sextant::app::cli {
namespace {

std::string_view sgr(Style style) {
  switch (style) {
    case Style::kPlain:
      return {};
    case Style::kStrong:
      return "1";
    case Style::kDanger:
      return "1;31";
    case Style::kWarning:
      return "33";
    case Style::kGood:
      return "32";
    case Style::kDim:
      return "2";
  }
  return {};
}

}  // namespace

std::string paint(std::string_view text, Style style, bool colour) {
  const std::string_view code = sgr(style);
  if (!colour || code.empty() || text.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace sextant::app::cli
