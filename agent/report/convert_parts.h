// What the conversions share; for the files convert*.cpp only.
#pragma once

#include <string>

#include <google/protobuf/timestamp.pb.h>

#include "agent/base/clock.h"
#include "agent/model/finding.h"
#include "sextant/v1alpha1/finding.pb.h"
#include "sextant/v1alpha1/view.pb.h"

namespace sextant::report::detail {

// The word for an enumerator, as messages hold it.
template <class Enum>
std::string word(Enum value) {
  return std::string(to_string(value));
}

google::protobuf::Timestamp to_timestamp(Time time);  // cut to milliseconds
Time to_time(const google::protobuf::Timestamp& timestamp);

// Sets the field that `field()` makes present, unless the time is the epoch: never.
template <class Field>
void set_time(Time time, Field field) {
  if (time != Time{}) *field() = to_timestamp(time);
}

v1alpha1::Endpoint to_message(const EndpointDetail& endpoint);
v1alpha1::Backend to_message(const BackendView& backend);

}  // namespace sextant::report::detail
