// Result<T>: how every fallible function in Sextant reports failure.
//
// An Error reads as a sentence, outermost first: "load uplink: verify: Permission denied".
// Expected failure is a value; a bug is an assert; exceptions stay inside the part that threw them.
#pragma once

#include <cstring>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sextant {

struct Error {
  std::string what{};  // a whole sentence without a final full stop
  int code = 0;        // errno of the cause; 0 when the cause was not a system call
};

template <class T = void>
using Result = std::expected<T, Error>;

using Failure = std::unexpected<Error>;

inline Failure failure(std::string what, int code = 0) { return Failure(Error{.what = std::move(what), .code = code}); }

// For C interfaces that return -errno, and for those that set errno (pass it).
inline Failure errno_failure(std::string_view doing, int err) {
  const int code = err < 0 ? -err : err;
  return failure(std::string(doing) + ": " + std::strerror(code), code);
}

// Puts what the caller was doing before what went wrong.
inline Failure because(std::string_view doing, Error error) {
  error.what = std::string(doing) + ": " + error.what;
  return Failure(std::move(error));
}

}  // namespace sextant
