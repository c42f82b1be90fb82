// What tests of changes share: the seed, the steps that were made from it, and the fewest of them that still fail.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/model/world.h"
#include "agent/policy/engine.h"

namespace sextant::policy::test {

// SEXTANT_SEED if it is set, to repeat what a test printed; else one that nobody has had.
inline std::uint64_t first_seed() {
  if (const char* given = std::getenv("SEXTANT_SEED"); given != nullptr) return std::strtoull(given, nullptr, 10);
  return std::random_device()();
}

// One change of the cluster or of Cilium's options, and how it reads: a manifest, or a sentence.
struct Step {
  std::variant<Delta, Options> change{};
  std::string text{};
};

inline std::string to_string(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) text += "---\n" + step.text + "\n";
  return text;
}

// A cluster, and the options under which it is looked at.
struct Stage {
  World world{"n1"};
  Options options{};

  void apply(const Step& step) {
    if (const Delta* delta = std::get_if<Delta>(&step.change)) {
      world.apply(*delta);
    } else {
      options = std::get<Options>(step.change);
    }
  }
};

// The fewest steps, in their order, for which `fails(steps)` still holds: no single one of them can be left out.
template <class Fails>
std::vector<Step> shrink(std::vector<Step> steps, const Fails& fails) {
  for (std::size_t width = std::max<std::size_t>(steps.size() / 2, 1); width > 0; width /= 2) {
    for (std::size_t at = 0; at < steps.size();) {
      std::vector<Step> fewer = steps;
      const auto begin = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(width, steps.size() - at)));
      if (fails(fewer)) {
        steps = std::move(fewer);
      } else {
        at += width;
      }
    }
  }
  return steps;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // 0 to bound - 1.
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool one_in(std::size_t chance) { return below(chance) == 0; }
  std::string one_of(std::initializer_list<std::string_view> texts) {
    return std::string(texts.begin()[below(texts.size())]);
  }
  IpAddress address_in(const Prefix& prefix) {
    const IpAddress noise = IpAddress::from_halves(engine_(), engine_());
    IpAddress address = prefix.address;
    for (std::size_t bit = prefix.length; bit < 128; ++bit)
      address.bytes[bit / 8] |= static_cast<std::uint8_t>(noise.bytes[bit / 8] & (0x80U >> bit % 8));
    return address;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sextant::policy::test
