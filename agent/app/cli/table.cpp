#include "agent/app/cli/table.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <optional>

#include "agent/app/cli/text.h"

namespace sextant::app::cli {
namespace {

constexpr std::size_t kGap = 2;           // between columns
constexpr std::size_t kUnderHeading = 2;  // indent

// Which columns are shown, and how wide.
struct Plan {
  std::vector<std::size_t> shown{};   // indices, in order
  std::vector<std::size_t> widths{};  // by index of the column
};

std::size_t total(const Plan& plan) {
  std::size_t sum = plan.shown.empty() ? 0 : kGap * (plan.shown.size() - 1);
  for (const std::size_t column : plan.shown) sum += plan.widths[column];
  return sum;
}

std::size_t least_of(const Column& column) { return std::max(column.least, width(column.title)); }

// Narrows the columns that wrap, cell by cell, the widest of them each time, until the plan fits or nothing more gives.
void narrow(Plan& plan, const std::vector<Column>& columns, std::size_t limit) {
  while (total(plan) > limit) {
    std::optional<std::size_t> widest;
    for (const std::size_t i : plan.shown) {
      const bool gives = columns[i].wraps && plan.widths[i] > least_of(columns[i]);
      if (gives && (!widest || plan.widths[i] > plan.widths[*widest])) widest = i;
    }
    if (!widest) return;
    --plan.widths[*widest];
  }
}

// Cuts columns, least kept first, until the plan fits or nothing more gives.
void shrink(Plan& plan, const std::vector<Column>& columns, std::size_t limit) {
  std::vector<std::size_t> order = plan.shown;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return columns[i].keep; });
  for (const std::size_t i : order) {
    const std::size_t now = total(plan);
    if (now <= limit) return;
    const std::size_t least = std::min(plan.widths[i], least_of(columns[i]));
    plan.widths[i] -= std::min(now - limit, plan.widths[i] - least);
  }
}

Plan fit(const std::vector<Column>& columns, const std::vector<std::size_t>& natural, std::size_t limit) {
  Plan plan{.shown = std::vector<std::size_t>(columns.size()), .widths = natural};
  std::iota(plan.shown.begin(), plan.shown.end(), std::size_t{0});
  if (limit == 0) return plan;
  for (;;) {
    plan.widths = natural;  // what a column left out frees, the others get back
    narrow(plan, columns, limit);
    shrink(plan, columns, limit);
    if (total(plan) <= limit) return plan;
    if (plan.shown.size() == 1) break;
    plan.shown.erase(std::ranges::min_element(plan.shown, {}, [&](std::size_t i) { return columns[i].keep; }));
  }
  plan.widths[plan.shown[0]] = limit;
  return plan;
}

std::vector<std::string> lines_of(const std::string& text, const Column& column, std::size_t cells) {
  if (column.wraps) return wrap(text, cells);
  return {elide(text, cells)};
}

// One row of the table, which is as many lines as its tallest cell.
class RowPrinter {
 public:
  RowPrinter(const std::vector<Column>& columns, const Plan& plan, const Layout& layout, std::size_t indent)
      : columns_(columns), plan_(plan), layout_(layout), indent_(indent) {}

  void print(const std::vector<Cell>& row, std::string& out) const {
    std::vector<std::vector<std::string>> blocks;
    std::size_t height = 1;
    for (const std::size_t i : plan_.shown) {
      blocks.push_back(lines_of(printable(row[i].text), columns_[i], plan_.widths[i]));
      height = std::max(height, blocks.back().size());
    }
    for (std::size_t line = 0; line < height; ++line) print_line(row, blocks, line, out);
  }

 private:
  void print_line(const std::vector<Cell>& row, const std::vector<std::vector<std::string>>& blocks, std::size_t line,
                  std::string& out) const {
    std::size_t owed = indent_;  // spaces, printed only before text: no line ends in them
    for (std::size_t n = 0; n < blocks.size(); ++n) {
      const std::size_t i = plan_.shown[n];
      const std::string text = line < blocks[n].size() ? blocks[n][line] : std::string{};
      const std::size_t rest = plan_.widths[i] - std::min(plan_.widths[i], width(text));
      if (columns_[i].right) owed += rest;
      if (!text.empty()) {
        out.append(owed, ' ');
        out += paint(text, row[i].style, layout_.colour);
        owed = 0;
      }
      if (!columns_[i].right) owed += rest;
      owed += kGap;
    }
    out += '\n';
  }

  const std::vector<Column>& columns_;
  const Plan& plan_;
  const Layout& layout_;
  std::size_t indent_;
};

std::string left_out_note(const std::vector<Column>& columns, const Plan& plan) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (std::ranges::find(plan.shown, i) == plan.shown.end()) names.push_back(columns[i].title);
  }
  return names.empty() ? std::string{} : "left out: " + join(names, ", ") + " (-o wide)";
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  assert(row.size() == columns_.size());
  rows_.push_back({.cells = std::move(row)});
}

void Table::add_heading(std::string text) {
  has_headings_ = true;
  rows_.push_back({.heading = std::move(text)});
}

std::vector<std::size_t> Table::natural_widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t cells = width(columns_[i].title);
    for (const auto& row : rows_) {
      if (row.heading.empty()) cells = std::max(cells, width(printable(row.cells[i].text)));
    }
    widths.push_back(cells);
  }
  return widths;
}

std::string Table::render(const Layout& layout, std::size_t indent) const {
  const auto room = [&](std::size_t used) { return std::max(layout.width, used + 1) - used; };
  const std::size_t row_indent = indent + (has_headings_ ? kUnderHeading : 0);
  const Plan plan = fit(columns_, natural_widths(), layout.width == 0 ? 0 : room(row_indent));
  const RowPrinter printer(columns_, plan, layout, row_indent);
  const std::string lead(indent, ' ');

  std::string out;
  std::vector<Cell> titles;
  for (const auto& column : columns_) titles.push_back({.text = column.title, .style = Style::kStrong});
  printer.print(titles, out);
  for (const auto& row : rows_) {
    if (row.heading.empty()) {
      printer.print(row.cells, out);
      continue;
    }
    const std::string heading = printable(row.heading);
    out +=
        lead + paint(layout.width == 0 ? heading : elide(heading, room(indent)), Style::kStrong, layout.colour) + '\n';
  }
  if (const std::string note = left_out_note(columns_, plan); !note.empty()) {
    for (const auto& line : wrap(note, room(indent))) out += lead + paint(line, Style::kDim, layout.colour) + '\n';
  }
  return out;
}

}  // namespace sextant::app::cli
