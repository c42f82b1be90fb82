#include "agent/policy/reader.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/scene.h"

namespace sextant::policy {
namespace {

using test::yaml;

TEST(Path, ReadsAsPeopleWriteIt) {
  const Path spec("spec"), ingress = spec / "ingress", first = ingress[0], ports = first / "toPorts";
  EXPECT_EQ(ports.to_string(), "spec.ingress[0].toPorts");
}

TEST(Report, KeepsTheFirstReason) {
  Report report;
  report.reject(Path("spec"), "first");
  report.reject(Path("spec"), "second");
  EXPECT_EQ(report.rejection(), "spec: first");
}

TEST(Fields, RefuseAnotherType) {
  const Document document = yaml("{list: {}, map: [], text: 5, integer: '5', boolean: 'true', texts: [5]}");
  const Path path("spec");
  const auto refuses = [&](auto read) {
    Report report;
    const Fields fields(document, path, report);
    read(fields);
    return report.rejected();
  };
  EXPECT_TRUE(refuses([](const Fields& f) { f.list("list"); }));
  EXPECT_TRUE(refuses([](const Fields& f) { f.map("map"); }));
  EXPECT_TRUE(refuses([](const Fields& f) { f.text("text"); }));
  EXPECT_TRUE(refuses([](const Fields& f) { f.integer("integer", 0, 10); }));
  EXPECT_TRUE(refuses([](const Fields& f) { f.boolean("boolean"); }));
  EXPECT_TRUE(refuses([](const Fields& f) { f.texts("texts"); }));
}

TEST(Fields, TellAMissingListFromAnEmptyOne) {
  const Document document = yaml("{empty: [], nothing: null}");
  const Path path("spec");
  Report report;
  const Fields fields(document, path, report);
  EXPECT_NE(fields.list("empty"), nullptr);
  EXPECT_EQ(fields.list("nothing"), nullptr);
  EXPECT_EQ(fields.list("missing"), nullptr);
  EXPECT_TRUE(fields.texts("empty").has_value());
  EXPECT_FALSE(fields.texts("missing").has_value());
  EXPECT_FALSE(report.rejected());
}

TEST(Fields, RefuseAnIntegerJustPastTheRange) {
  const Document document = yaml("{least: -1, most: 65536}");
  const Path path("spec");
  for (const auto* key : {"least", "most"}) {
    Report report;
    const Fields fields(document, path, report);
    EXPECT_EQ(fields.integer(key, 0, 65535), std::nullopt);
    EXPECT_TRUE(report.rejected()) << key;
  }
  Report report;
  const Fields fields(document, path, report);
  EXPECT_EQ(fields.integer("most", 0, 65536), 65536);
  EXPECT_FALSE(report.rejected());
}

TEST(Fields, NoteWhatTheServerPrunes) {
  const Document document = yaml("{fromCIDRs: []}");
  const Path path("spec");
  Report report;
  Fields(document, path, report).note_unknown({"fromCIDR"});
  ASSERT_EQ(report.notes().size(), 1u);
  EXPECT_EQ(report.notes()[0],
            "spec.fromCIDRs: is no field that Cilium knows here; the API server prunes it in silence");
  EXPECT_FALSE(report.rejected());
}

}  // namespace
}  // namespace sextant::policy
