// A hundred thousand labels: the right answer, at a cost that grows no faster than they do.
#include <ctime>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

std::string labels(std::size_t count, std::string_view last = "v") {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += "l" + std::to_string(i) + ": " + std::string(i + 1 == count ? last : "v") + (i + 1 == count ? "" : ", ");
  return text;
}

struct Outcome {
  Verdict verdict = Verdict::kUnknown;
  double cpu_seconds = 0;
};

// From the text of a pod and of a policy that asks for every label of it to the verdict.
Outcome run(std::size_t count, std::string_view last = "v") {
  const std::clock_t begun = std::clock();
  const test::Scene scene({test::pod("shop/db", labels(count)),
                           test::cnp("shop/db", "endpointSelector: {matchLabels: {" + labels(count, last) +
                                                    "}}, ingress: [{fromEntities: [cluster]}]")});
  const Verdict verdict = scene.verdict("shop/db", "2600::1");
  return {verdict, static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC};
}

TEST(ManyLabels, AreComparedOneAndAll) {
  constexpr std::size_t kMany = 100'000;
  const Outcome few = run(kMany / 10);
  const Outcome many = run(kMany);
  EXPECT_EQ(few.verdict, Verdict::kDeny);
  EXPECT_EQ(many.verdict, Verdict::kDeny) << "the policy selects the pod";
  EXPECT_EQ(run(kMany, "other").verdict, Verdict::kAllow) << "one label differs";
  EXPECT_LT(many.cpu_seconds, 40 * few.cpu_seconds + 0.5) << "ten times as many";
}

}  // namespace
}  // namespace sextant::policy
