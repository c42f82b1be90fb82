// Table: rows under titles, made to fit a terminal.
//
// When the content is wider than the layout, columns give way in the order of `keep`, lowest first: a column shrinks to
// its `least` width (cells are cut with "…", or broken over lines), and when all have shrunk, columns are left out; a
// line below the table then names them. No line is wider than the layout or ends in spaces.
#pragma once

#include <string>
#include <vector>

#include "agent/app/cli/style.h"

namespace sextant::app::cli {

struct Column {
  std::string title{};
  int keep = 0;            // the higher, the longer it keeps its width
  std::size_t least = 4;   // cells; the title's width counts too
  bool right = false;      // numbers
  bool wraps = false;      // broken over lines rather than cut
};

struct Cell {
  std::string text{};      // may be anything: the table makes it printable
  Style style = Style::kPlain;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }

  // Ends in a line break; indent is the number of spaces before each line.
  std::string render(const Layout& layout, std::size_t indent = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_{};
};

}  // namespace sextant::app::cli
