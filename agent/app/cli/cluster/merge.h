// The answers of a cluster's nodes as one. Each element says which node it is of.
#pragma once

#include <cstdint>
#include <string>

#include "sextant/v1alpha1/cluster.pb.h"
#include "sextant/v1alpha1/finding.pb.h"
#include "sextant/v1alpha1/status.pb.h"
#include "sextant/v1alpha1/view.pb.h"

namespace sextant::app::cli {

void merge(v1alpha1::FindingList& into, v1alpha1::FindingList part, const std::string& node);
void merge(v1alpha1::EndpointRowList& into, v1alpha1::EndpointRowList part, const std::string& node);
void merge(v1alpha1::ExposureList& into, v1alpha1::ExposureList part, const std::string& node);
void merge(v1alpha1::AttemptList& into, v1alpha1::AttemptList part, const std::string& node);
void merge(v1alpha1::ClusterStatus& into, v1alpha1::Status part, const std::string& node);

// What one node gives of a Message.
template <class Message>
struct Part {
  using type = Message;
};
template <>
struct Part<v1alpha1::ClusterStatus> {
  using type = v1alpha1::Status;
};
template <class Message>
using PartOf = typename Part<Message>::type;

// Most packets first, and at most `top` of each (0: all), as each node has answered for itself.
void cut(v1alpha1::AttemptList& list, std::uint32_t top);

}  // namespace sextant::app::cli
