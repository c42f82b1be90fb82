#include "agent/app/cli/table.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/app/cli/text.h"

namespace sextant::app::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

Table findings_like() {
  Table table({{.title = "SEVERITY", .keep = 5, .least = 8},
               {.title = "FINDING", .keep = 9, .least = 15},
               {.title = "NODE", .keep = 2, .least = 6},
               {.title = "SEEN", .keep = 3, .right = true},
               {.title = "WHAT", .keep = 1, .least = 12, .wraps = true}});
  table.add({{"critical", Style::kDanger},
             {"SXT001-6f1c2b9d"},
             {"node-with-a-long-name.example"},
             {"3"},
             {"shop/db 5432/TCP received a packet from the internet that no policy allows"}});
  table.add({{"warning", Style::kWarning}, {"SXT005-00000001"}, {"n2"}, {"12345"}, {"ops/数据库 has no policy"}});
  return table;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

TEST(Table, IsAsWideAsItsContentWhenThereIsRoom) {
  Table table({{.title = "A"}, {.title = "N", .right = true}, {.title = "B"}});
  table.add({{"one"}, {"7"}, {"x"}});
  table.add({{"three"}, {"1234"}, {""}});
  EXPECT_EQ(table.render({.width = 80}),
            "A         N  B\n"
            "one       7  x\n"
            "three  1234\n");
}

TEST(Table, NeverExceedsTheWidthNorEndsLinesInSpaces) {
  const Table table = findings_like();
  for (std::size_t columns = 1; columns <= 200; ++columns) {
    for (const auto& line : lines(table.render({.width = columns}))) {
      EXPECT_LE(width(line), columns) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

TEST(Table, NeverExceedsTheWidthWhenIndented) {
  const Table table = findings_like();
  for (const std::size_t columns : {10U, 60U, 80U, 120U}) {
    for (const auto& line : lines(table.render({.width = columns}, 4))) EXPECT_LE(width(line), columns) << line;
  }
}

TEST(Table, BreaksAColumnThatWrapsBeforeItCutsOthers) {
  const std::string at_100 = findings_like().render({.width = 100});
  EXPECT_THAT(at_100, HasSubstr("node-with-a-long-name.example"));
  EXPECT_THAT(at_100, Not(HasSubstr("…")));
  EXPECT_THAT(at_100, Not(HasSubstr("left out")));
}

TEST(Table, CutsTheLeastKeptColumnFirst) {
  const std::string at_64 = findings_like().render({.width = 64});
  EXPECT_THAT(at_64, HasSubstr("node-with"));
  EXPECT_THAT(at_64, HasSubstr("…"));
  EXPECT_THAT(at_64, HasSubstr("SXT001-6f1c2b9d"));
  EXPECT_THAT(at_64, HasSubstr("critical"));
}

TEST(Table, NamesTheColumnsThatItLeavesOut) {
  const std::string at_40 = findings_like().render({.width = 40});
  EXPECT_THAT(at_40, HasSubstr("SXT001-6f1c2b9d"));
  EXPECT_THAT(at_40, Not(HasSubstr("shop/db")));
  EXPECT_THAT(at_40, HasSubstr("left out: WHAT (-o wide)"));
}

TEST(Table, ColumnsThatWrapShareTheBurden) {
  Table table({{.title = "A", .least = 5, .wraps = true}, {.title = "B", .least = 5, .wraps = true}});
  table.add({{"aaaa aaaa aaaa aaaa aaaa aaaa"}, {"bbbb bbbb bbbb"}});
  EXPECT_EQ(table.render({.width = 26}),
            "A             B\n"
            "aaaa aaaa     bbbb bbbb\n"
            "aaaa aaaa     bbbb\n"
            "aaaa aaaa\n");
}

TEST(Table, HeadingsStandAboveIndentedRows) {
  Table table({{.title = "A"}, {.title = "B"}});
  table.add_heading("first, with a long text");
  table.add({{"1"}, {"2"}});
  table.add_heading("second");
  table.add({{"333"}, {"4"}});
  EXPECT_EQ(table.render({.width = 12}),
            "  A    B\n"
            "first, with…\n"
            "  1    2\n"
            "second\n"
            "  333  4\n");
}

TEST(Table, CutsNothingWithoutAWidth) {
  const std::string wide = findings_like().render({.width = 0});
  EXPECT_THAT(wide, HasSubstr("shop/db 5432/TCP received a packet from the internet that no policy allows"));
  EXPECT_THAT(wide, HasSubstr("node-with-a-long-name.example"));
  EXPECT_EQ(lines(wide).size(), 3U);
}

TEST(Table, ColoursOnlyWhenAsked) {
  EXPECT_THAT(findings_like().render({.width = 80, .colour = false}), Not(HasSubstr("\x1b")));
  const std::string coloured = findings_like().render({.width = 80, .colour = true});
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31mcritical\x1b[0m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[33mwarning\x1b[0m"));
}

TEST(Table, LinesUpWithAndWithoutColour) {
  std::string coloured = findings_like().render({.width = 70, .colour = true});
  for (auto at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
    coloured.erase(at, coloured.find('m', at) - at + 1);
  EXPECT_EQ(coloured, findings_like().render({.width = 70, .colour = false}));
}

TEST(Table, KeepsEscapesOfItsContentFromTheTerminal) {
  Table table({{.title = "PROCESS"}});
  table.add({{"\x1b]0;owned\a"}});
  EXPECT_THAT(table.render({.width = 80, .colour = true}), Not(HasSubstr("\x1b]")));
}

}  // namespace
}  // namespace sextant::app::cli
