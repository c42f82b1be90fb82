// Page: a view as text, put together from headings, sentences, fields and tables that all fit one layout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/app/cli/style.h"
#include "agent/app/cli/table.h"

namespace sextant::app::cli {

struct Field {
  std::string name{};
  std::string value{};
  Style style = Style::kPlain;
};

class Page {
 public:
  explicit Page(const Layout& layout) : layout_(layout) {}

  // A sentence, broken over lines. An indented one is an item of a list: its further lines are indented by two more.
  void say(std::string_view text, Style style = Style::kPlain, std::size_t indent = 0);
  // Below an empty line.
  void heading(std::string_view text);
  // "Name  value", names lined up, long values broken. Fields without a value are left out.
  void fields(const std::vector<Field>& fields);
  void table(const Table& table, std::size_t indent = 0);
  // Lines as they are, neither broken nor indented, so that they can be copied.
  void verbatim(std::string_view text);
  void gap();

  const std::string& text() const { return text_; }

 private:
  std::size_t room(std::size_t indent) const;

  Layout layout_;
  std::string text_{};
};

}  // namespace sextant::app::cli
