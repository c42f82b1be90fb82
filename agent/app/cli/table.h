// Table: rows under titles, made to fit a terminal.
//
// When the content is wider than the layout, the columns that wrap give way first, the widest before the others, for
// nothing is lost by that. Then, in the order of `keep`, lowest first, cells are cut with "…". When every column has
// shrunk to its `least` width, columns are left out, and a line below the table names them. No line is wider than the
// layout or ends in spaces.
#pragma once

#include <string>
#include <vector>

#include "agent/app/cli/style.h"

namespace sextant::app::cli {

struct Column {
  std::string title{};
  int keep = 0;           // the higher, the longer it keeps its width
  std::size_t least = 4;  // cells; the title's width counts too
  bool right = false;     // numbers
  bool wraps = false;     // broken over lines rather than cut
};

struct Cell {
  std::string text{};  // may be anything: the table makes it printable
  Style style = Style::kPlain;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void add(std::vector<Cell> row);
  // A line of its own above the rows that follow, which are then all indented.
  void add_heading(std::string text);
  bool empty() const { return rows_.empty(); }

  // Ends in a line break; indent is the number of spaces before each line.
  std::string render(const Layout& layout, std::size_t indent = 0) const;

 private:
  std::vector<std::size_t> natural_widths() const;

  struct Row {
    std::vector<Cell> cells{};
    std::string heading{};  // instead of cells
  };

  std::vector<Column> columns_;
  std::vector<Row> rows_{};
  bool has_headings_ = false;
};

}  // namespace sextant::app::cli
