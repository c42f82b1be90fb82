#include "agent/kube/token.h"

#include <algorithm>

namespace sextant::kube {
namespace {

std::string trimmed(const std::string& text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

Result<std::string> Token::get(Clock::time_point now) {
  if (is_read_ && now - read_at_ < kKeep) return held_;
  auto read = material_.read();
  if (!read) {
    if (is_read_) return held_;
    return because("token", read.error());
  }
  std::string token = trimmed(*read);
  // It becomes a line of a request's header.
  const bool fits = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; });
  if (!fits) return failure("token: holds blanks or control characters");
  if (token.empty() && material_.is_given()) return failure("token: " + material_.file.string() + " is empty");
  held_ = std::move(token);
  read_at_ = now;
  is_read_ = true;
  return held_;
}

bool Token::refused(const std::string& token, Clock::time_point now) {
  if (held_ != token) return true;  // another request has found the new one already
  is_read_ = false;
  const auto fresh = get(now);
  return fresh && *fresh != token;
}

}  // namespace sextant::kube
