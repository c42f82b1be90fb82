// Content negotiation (RFC 9110 12.5.1): which of the forms that an answer has the client would rather read.
#pragma once

#include <span>
#include <string_view>

namespace sextant::report {

// The one of `offers` ("type/subtype", the default first) that an Accept header ranks highest; the first of them on a
// tie in rank, and when the header is empty or accepts none: an answer that was not asked for beats no answer.
std::string_view preferred(std::string_view accept, std::span<const std::string_view> offers);

}  // namespace sextant::report
