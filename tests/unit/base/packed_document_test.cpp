#include "agent/base/packed_document.h"

#include <gtest/gtest.h>

#include "tests/unit/base/mutation.h"

namespace sextant {
namespace {

constexpr std::string_view kPolicy = R"(apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: db, namespace: shop, labels: {} }
spec:
  endpointSelector: { matchLabels: { app: db } }
  ingress:
  - toPorts: [ { ports: [ { port: 0x50, protocol: TCP }, { port: -1 }, { port: 1e400 }, { port: 0.5 } ] } ]
  - fromCIDR: []
  - {}
  egress:
  enabled: [ yes, false, ~, "" ]
)";

Document policy() { return parse_yaml(kPolicy).value().at(0); }

TEST(PackedDocument, IsWhatWasPackedWithItsPositions) { EXPECT_EQ(PackedDocument(policy()).unpack(), policy()); }

TEST(PackedDocument, KeepsNumbersToTheLastBit) {
  for (const char* number : {"0", "-1", "9223372036854775807", "-9223372036854775808", "1.5e300", "-0.0", "5e-324"}) {
    const Document document = parse_json(number).value();
    EXPECT_EQ(PackedDocument(document).unpack(), document) << number;
  }
}

TEST(PackedDocument, KeepsTextsOfAnyLength) {
  for (const std::size_t size : {0U, 1U, 127U, 128U, 16'383U, 16'384U, 100'000U}) {
    const Document document{.kind = Document::Kind::kString, .text = std::string(size, 'x')};
    EXPECT_EQ(PackedDocument(document).unpack(), document) << size;
  }
}

TEST(PackedDocument, FindsWhatTheDocumentFinds) {
  const Document document = policy();
  const PackedDocument packed(document);
  const std::initializer_list<std::string_view> paths[] = {{},
                                                           {"kind"},
                                                           {"kind", "below"},
                                                           {"metadata", "labels"},
                                                           {"metadata", "labels", "app"},
                                                           {"spec", "endpointSelector", "matchLabels", "app"},
                                                           {"spec", "ingress"},
                                                           {"spec", "ingress", "fromCIDR"},
                                                           {"spec", "egress"},
                                                           {"spec", "missing"},
                                                           {"spec", "enabled"}};
  for (const auto& path : paths) {
    const Document* expected = document.at(path);
    const auto found = packed.at(path);
    ASSERT_EQ(found.has_value(), expected != nullptr);
    if (expected != nullptr) {
      EXPECT_EQ(*found, *expected);
    }
  }
}

TEST(PackedDocument, IsEqualWhereTheDocumentsAre) {
  Document other = policy();
  EXPECT_EQ(PackedDocument(policy()), PackedDocument(other));
  ++other.members.back().second.line;
  EXPECT_NE(PackedDocument(policy()), PackedDocument(other));
}

TEST(PackedDocument, OfNothingIsANull) {
  EXPECT_EQ(PackedDocument().unpack(), Document{});
  EXPECT_TRUE(PackedDocument().at({})->is_null());
}

TEST(PackedDocument, TakesLessThanTwiceTheText) { EXPECT_LT(PackedDocument(policy()).size(), 2 * kPolicy.size()); }

TEST(PackedDocument, HoldsWhateverTheReadersRead) {
  test::Mutator mutator(7);
  int read = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto documents = parse_yaml(mutator.damage(std::string(kPolicy)));
    if (!documents) continue;
    for (const Document& document : *documents) {
      ++read;
      ASSERT_EQ(PackedDocument(PackedDocument(document).unpack()), PackedDocument(document));
    }
  }
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace sextant
