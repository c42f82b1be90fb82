#include "agent/report/accept.h"

#include <algorithm>
#include <charconv>

#include "agent/report/ascii.h"

namespace sextant::report {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes what stands before `separator` off the front.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view out = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return out;
}

// 0: does not match; else 1 for */*, 2 for type/*, 3 for the type itself.
int closeness(std::string_view range, std::string_view offer) {
  if (range == "*/*") return 1;
  if (range.ends_with("/*"))
    return same_word(range.substr(0, range.size() - 1), offer.substr(0, offer.find('/') + 1)) ? 2 : 0;
  return same_word(range, offer) ? 3 : 0;
}

double quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = take_until(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    double quality = 0;
    parameter.remove_prefix(2);
    const auto [end, error] = std::from_chars(parameter.data(), parameter.data() + parameter.size(), quality);
    return error == std::errc() && quality >= 0 && quality <= 1 ? quality : 0;
  }
  return 1;
}

// The quality that the closest range gives; where one type stands twice (Prometheus lists versions), the higher.
double quality_for(std::string_view accept, std::string_view offer) {
  int closest = 0;
  double quality = 0;
  while (!accept.empty()) {
    std::string_view range = take_until(accept, ',');
    const std::string_view type = take_until(range, ';');
    const int close = closeness(type, offer);
    if (close == 0 || close < closest) continue;
    const double here = quality_of(range);
    quality = close > closest ? here : std::max(quality, here);
    closest = close;
  }
  return quality;
}

}  // namespace

std::string_view preferred(std::string_view accept, std::span<const std::string_view> offers) {
  std::string_view best = offers.front();
  double best_quality = quality_for(accept, best);
  for (const std::string_view offer : offers.subspan(1)) {
    if (const double quality = quality_for(accept, offer); quality > best_quality) {
      best = offer;
      best_quality = quality;
    }
  }
  return best;
}

}  // namespace sextant::report
