// One map, several programs: how the owner of a map makes the objects under bpf/ use it.
#pragma once

#include <functional>

#include "agent/base/result.h"

struct bpf_object;

namespace sextant::datapath {

// Makes every map that the object shares with others theirs. Called between opening and loading it.
using Lend = std::function<Result<>(bpf_object&)>;

// Makes the object's map `name` the map behind `fd`, which stays the caller's. An object without such a map is well.
Result<> lend_map(bpf_object& object, const char* name, int fd);

}  // namespace sextant::datapath
