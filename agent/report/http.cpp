#include "agent/report/http.h"

#include "agent/report/json.h"
#include "sextant/v1alpha1/status.pb.h"

namespace sextant::report {

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

HttpResponse error_response(unsigned status, std::string_view what) {
  v1alpha1::ErrorMessage message;
  message.set_error(std::string(what));
  return {.status = status, .body = to_json(message) + '\n'};
}

}  // namespace sextant::report
