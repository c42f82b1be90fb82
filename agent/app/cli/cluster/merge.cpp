#include "agent/app/cli/cluster/merge.h"

#include <algorithm>
#include <functional>

namespace sextant::app::cli {
namespace {

template <class Elements>
void move_all(Elements& into, Elements& from, const std::string& node) {
  into.Reserve(into.size() + from.size());
  for (auto& element : from) {
    element.set_node(node);
    *into.Add() = std::move(element);
  }
}

template <class Elements, class Count>
void keep_most(Elements& elements, std::uint32_t top, Count count) {
  std::ranges::stable_sort(elements, std::ranges::greater{}, count);
  const auto size = static_cast<std::uint32_t>(elements.size());
  if (top > 0 && top < size) elements.DeleteSubrange(static_cast<int>(top), static_cast<int>(size - top));
}

}  // namespace

void merge(v1alpha1::FindingList& into, v1alpha1::FindingList part, const std::string& node) {
  move_all(*into.mutable_findings(), *part.mutable_findings(), node);
}

void merge(v1alpha1::EndpointRowList& into, v1alpha1::EndpointRowList part, const std::string& node) {
  move_all(*into.mutable_endpoints(), *part.mutable_endpoints(), node);
}

void merge(v1alpha1::ExposureList& into, v1alpha1::ExposureList part, const std::string& node) {
  move_all(*into.mutable_exposure(), *part.mutable_exposure(), node);
}

void merge(v1alpha1::AttemptList& into, v1alpha1::AttemptList part, const std::string& node) {
  move_all(*into.mutable_attempts(), *part.mutable_attempts(), node);
  move_all(*into.mutable_sources(), *part.mutable_sources(), node);
}

void merge(v1alpha1::ClusterStatus& into, v1alpha1::Status part, const std::string& node) {
  part.set_node(node);
  *into.add_nodes() = std::move(part);
}

void cut(v1alpha1::AttemptList& list, std::uint32_t top) {
  keep_most(*list.mutable_attempts(), top, &v1alpha1::Attempt::packets);
  keep_most(*list.mutable_sources(), top, &v1alpha1::SourceCount::estimate);
}

}  // namespace sextant::app::cli
