#include "agent/datapath/readers.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include <bpf/bpf.h>

namespace sextant::datapath {
namespace {

int wait_for_programs(int outer, int element) {
  const std::uint32_t key = 0;
  return bpf_map_update_elem(outer, &key, &element, BPF_ANY);
}

}  // namespace

Readers::Readers(UniqueFd element, UniqueFd outer) : element_(std::move(element)), outer_(std::move(outer)) {}

Readers::~Readers() {
  if (grace_.valid()) grace_.wait();  // it uses the maps
}

Result<Readers> Readers::create() {
  const int element = bpf_map_create(BPF_MAP_TYPE_ARRAY, "sextant_grace", sizeof(std::uint32_t), 8, 1, nullptr);
  if (element < 0) return errno_failure("create a map", element);
  UniqueFd owned(element);
  LIBBPF_OPTS(bpf_map_create_opts, options, .inner_map_fd = static_cast<std::uint32_t>(element));
  const int outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "sextant_grace", sizeof(std::uint32_t),
                                   sizeof(std::uint32_t), 1, &options);
  if (outer < 0) return errno_failure("create a map of maps", outer);
  return Readers(std::move(owned), UniqueFd(outer));
}

void Readers::begin() {
  grace_ = std::async(std::launch::async, wait_for_programs, outer_.get(), element_.get()).share();
}

bool Readers::gone() const {
  return !grace_.valid() || grace_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

Result<> Readers::wait() {
  if (!grace_.valid()) return {};
  const int err = grace_.get();
  if (err == 0) {
    grace_ = {};
    return {};
  }
  begin();  // the next wait asks again
  return errno_failure("wait for running programs", err);
}

}  // namespace sextant::datapath
