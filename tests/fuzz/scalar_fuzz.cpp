// Words: addresses, prefixes, numbers, plain scalars, and what a message makes of them.
#include <algorithm>
#include <vector>

#include "agent/base/ip.h"
#include "agent/base/text.h"
#include "agent/base/yaml_scalar.h"
#include "agent/policy/go_number.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace sextant;

void address(std::string_view word) {
  if (const auto read = IpAddress::parse(word)) {
    fuzz::require(IpAddress::parse(read->to_string()) == *read, "an address reads as it prints", word);
    fuzz::require(read->next().previous() == *read, "the next one's previous is itself", word);
  }
}

std::optional<Prefix> prefix(std::string_view word) {
  bool had_host_bits = false;
  const auto read = Prefix::parse(word, &had_host_bits);
  if (!read) return std::nullopt;
  fuzz::require(read->contains(read->first()) && read->contains(read->last()), "a prefix holds its ends", word);
  fuzz::require(Prefix::parse(read->to_string()) == *read, "a prefix reads as it prints", word);
  return *read;
}

void numbers(std::string_view word) {
  for (const int bits : {8, 16, 32, 64}) {
    for (const int base : {0, 10}) {
      const policy::ParsedNumber read = policy::parse_unsigned(word, base, bits);
      fuzz::require(bits == 64 || read.value >> static_cast<unsigned>(bits) == 0, "a number fits its size", word);
    }
  }
}

// Whatever is cut out of the public internet, what is left and what was cut make up the whole again.
void sets(const std::vector<Prefix>& holes) {
  std::vector<Prefix> whole = subtract(kGlobalUnicast, holes);
  for (const Prefix& left : whole) {
    const auto meets = [&](const Prefix& hole) { return hole.contains(left) || left.contains(hole); };
    fuzz::require(std::ranges::none_of(holes, meets), "nothing is left of a hole", left.to_string());
  }
  std::ranges::copy_if(holes, std::back_inserter(whole),
                       [](const Prefix& hole) { return kGlobalUnicast.contains(hole); });
  const auto covering = [](const Prefix& hole) { return hole.contains(kGlobalUnicast); };
  fuzz::require(std::ranges::any_of(holes, covering) || minimize(whole) == std::vector{kGlobalUnicast},
                "the parts make up the whole");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  std::vector<Prefix> prefixes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    address(word);
    numbers(word);
    if (const auto read = prefix(word)) prefixes.push_back(*read);
    if (const auto read = resolve_plain(word)) fuzz::require(read->text == word, "a scalar keeps its spelling", word);
    begin = end + 1;
  }
  sets(prefixes);
  fuzz::require(std::ranges::none_of(quote(text), [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
                "a quoted text is one line");
  return 0;
}
