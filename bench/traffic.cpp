// traffic serve PORT | traffic client: see traffic.h.
#include "bench/traffic.h"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>

int main(int argc, char** argv) {
  using namespace sextant;
  const std::string_view verb = argc > 1 ? argv[1] : "";
  Result<> done = failure("usage: traffic serve PORT | traffic client");
  if (verb == "serve" && argc == 3) {
    std::uint16_t port = 0;
    std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), port);
    done = bench::serve(port);
  } else if (verb == "client" && argc == 2) {
    done = bench::run_client();
  }
  if (done) return 0;
  std::fprintf(stderr, "traffic: %s\n", done.error().what.c_str());
  return 2;
}
