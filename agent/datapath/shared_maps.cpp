#include "agent/datapath/shared_maps.h"

#include <string>

#include <bpf/libbpf.h>

namespace sextant::datapath {

Result<> lend_map(bpf_object& object, const char* name, int fd) {
  bpf_map* map = bpf_object__find_map_by_name(&object, name);
  if (map == nullptr) return {};
  if (const int err = bpf_map__reuse_fd(map, fd); err != 0) {
    return errno_failure(std::string("share map ") + name + " with " + bpf_object__name(&object), err);
  }
  return {};
}

}  // namespace sextant::datapath
