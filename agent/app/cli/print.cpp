#include "agent/app/cli/print.h"

#include "agent/report/json.h"

namespace sextant::app::cli {

void print(Io& io, const GlobalOptions& global, const google::protobuf::Message& message,
           const std::function<std::string(const Layout&)>& page) {
  switch (global.output) {
    case Output::kJson:
      io.out << report::to_json(message, report::JsonStyle::kPretty);
      return;
    case Output::kYaml:
      io.out << report::to_yaml(message);
      return;
    default:  // tap, junit, sarif and markdown are for results: results/results.h
      io.out << page(layout_of(io, global));
      return;
  }
}

}  // namespace sextant::app::cli
