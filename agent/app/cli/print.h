// Prints an answer the way that -o asks for.
#pragma once

#include <functional>
#include <string>

#include <google/protobuf/message.h>

#include "agent/app/cli/io.h"
#include "agent/app/cli/options.h"

namespace sextant::app::cli {

// JSON and YAML are the API's; a table is the page that `page` makes.
void print(Io& io, const GlobalOptions& global, const google::protobuf::Message& message,
           const std::function<std::string(const Layout&)>& page);

}  // namespace sextant::app::cli
