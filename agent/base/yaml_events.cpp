#include "agent/base/yaml_events.h"

#include <algorithm>
#include <array>
#include <utility>

#include <yaml.h>

namespace sextant {
namespace {

using Kind = YamlEvent::Kind;

// What scanner.c and parser.c of libyaml call a problem; people want to know what to mend.
struct Words {
  std::string_view libyaml;
  std::string_view plain;
};
constexpr std::string_view kTab = "a tab in the indentation, which YAML makes of blanks only";
constexpr std::array kWords{
    Words{"mapping values are not allowed in this context",
          "a ':' where no value can stand: a second one on the line, or a wrong indentation"},
    Words{"mapping keys are not allowed in this context", "a key where none can stand: a wrong indentation"},
    Words{"block sequence entries are not allowed in this context",
          "a '-' where no list item can stand: a wrong indentation"},
    Words{"did not find expected key", "not indented as the keys above it, or behind a value that has ended"},
    Words{"did not find expected '-' indicator", "not indented as the list items above it"},
    Words{"did not find expected ',' or '}'", "a ',' or a '}' is missing before this"},
    Words{"did not find expected ',' or ']'", "a ',' or a ']' is missing before this"},
    Words{"did not find expected node content", "a value is missing before this"},
    Words{"did not find expected <document start>",
          "the document has ended before this; the next one begins with '---'"},
    Words{"found character that cannot start any token",
          "a character that cannot begin a value without quotes around it"},
    Words{"found a tab character that violates indentation", kTab},
    Words{"found a tab character where an indentation space is expected", kTab},
    Words{"found unexpected document indicator", "the document ends within a quoted string"},
    Words{"did not find expected alphabetic or numeric character",
          "a name of letters, digits, '-' and '_', with a blank behind it, is wanted"},
    Words{"found unknown escape character", "a '\\' before a character that it cannot stand before"},
};

bool ends_line(std::string_view text) {
  constexpr std::array<std::string_view, 5> kBreaks{"\n", "\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
  return std::ranges::any_of(kBreaks, [&](std::string_view one) { return text.ends_with(one); });
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

std::string words_of(const char* problem) {
  const std::string_view text = problem == nullptr ? "no YAML" : problem;
  const auto* known = std::ranges::find(kWords, text, &Words::libyaml);
  return std::string(known == kWords.end() ? text : known->plain);
}

// Places in a text. To libyaml a text that does not end in a line break has one line more; to people it has not.
class Marks {
 public:
  explicit Marks(std::string_view text)
      : whole_(!ends_line(text)),
        end_(characters(text)),
        column_(characters(text.substr(text.find_last_of("\r\n") + 1))) {}

  YamlMark operator()(const yaml_mark_t& mark) const {
    if (whole_ && mark.index == end_ && mark.column == 0 && mark.line > 0) return {mark.line - 1, column_};
    return {.line = mark.line, .column = mark.column};
  }

 private:
  bool whole_;          // the last line has no break
  std::size_t end_;     // in characters
  std::size_t column_;  // of the end
};

// libyaml tells what is wrong and, apart, what it was reading and where that began.
std::string error_of(const yaml_parser_t& parser, const Marks& mark_of) {
  const std::string_view context = parser.context == nullptr ? "" : parser.context;
  const std::string_view problem = parser.problem == nullptr ? "" : parser.problem;
  if (context == "while scanning a simple key") {
    return placed(mark_of(parser.context_mark), "neither 'key: value' nor a list item");
  }
  if (context == "while scanning a quoted scalar" && problem == "found unexpected end of stream") {
    return placed(mark_of(parser.context_mark), "the quoted string that begins here does not end");
  }
  if (problem == "found character that cannot start any token" && *parser.buffer.pointer == '\t') {
    return placed(mark_of(parser.problem_mark), kTab);
  }
  const bool is_placed = parser.error == YAML_SCANNER_ERROR || parser.error == YAML_PARSER_ERROR;
  return placed(mark_of(is_placed ? parser.problem_mark : parser.mark), words_of(parser.problem));
}

std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

struct RawEvent {
  RawEvent() = default;
  ~RawEvent() { yaml_event_delete(&event); }
  RawEvent(const RawEvent&) = delete;
  RawEvent& operator=(const RawEvent&) = delete;

  yaml_event_t event{};
};

YamlEvent scalar_of(const yaml_event_t& raw) {
  const auto& scalar = raw.data.scalar;
  return {.kind = Kind::kScalar,
          .anchor = text_of(scalar.anchor),
          .tag = text_of(scalar.tag),
          .value = std::string(reinterpret_cast<const char*>(scalar.value), scalar.length),
          .plain = scalar.plain_implicit != 0};
}

YamlEvent event_of(const yaml_event_t& raw) {
  switch (raw.type) {
    case YAML_SCALAR_EVENT:
      return scalar_of(raw);
    case YAML_ALIAS_EVENT:
      return {.kind = Kind::kAlias, .anchor = text_of(raw.data.alias.anchor)};
    case YAML_SEQUENCE_START_EVENT:
      return {.kind = Kind::kListStart,
              .anchor = text_of(raw.data.sequence_start.anchor),
              .tag = text_of(raw.data.sequence_start.tag)};
    case YAML_MAPPING_START_EVENT:
      return {.kind = Kind::kMapStart,
              .anchor = text_of(raw.data.mapping_start.anchor),
              .tag = text_of(raw.data.mapping_start.tag)};
    case YAML_SEQUENCE_END_EVENT:
      return {.kind = Kind::kListEnd};
    case YAML_MAPPING_END_EVENT:
      return {.kind = Kind::kMapEnd};
    case YAML_DOCUMENT_START_EVENT:
      return {.kind = Kind::kDocumentStart};
    case YAML_DOCUMENT_END_EVENT:
      return {.kind = Kind::kDocumentEnd};
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
      break;
  }
  return {};
}

}  // namespace

std::string placed(const YamlMark& mark, std::string_view cause) {
  return "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) + ": " +
         std::string(cause);
}

struct YamlEvents::Parser {
  Marks mark_of;
  yaml_parser_t parser{};
  bool ready = yaml_parser_initialize(&parser) != 0;
};

YamlEvents::YamlEvents(std::string_view text) : parser_(std::make_unique<Parser>(Marks(text))) {
  if (!parser_->ready) return;
  yaml_parser_set_input_string(&parser_->parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  yaml_parser_set_encoding(&parser_->parser, YAML_UTF8_ENCODING);
}

YamlEvents::~YamlEvents() {
  if (parser_->ready) yaml_parser_delete(&parser_->parser);
}

Result<YamlEvent> YamlEvents::next() {
  if (!parser_->ready) return failure("out of memory");
  RawEvent raw;
  do {
    if (yaml_parser_parse(&parser_->parser, &raw.event) == 0)
      return failure(error_of(parser_->parser, parser_->mark_of));
  } while (raw.event.type == YAML_STREAM_START_EVENT);
  YamlEvent event = event_of(raw.event);
  event.mark = parser_->mark_of(raw.event.start_mark);
  return event;
}

}  // namespace sextant
