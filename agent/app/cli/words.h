// The words that every view says the same things with.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/timestamp.pb.h>

#include "agent/app/cli/style.h"
#include "agent/base/clock.h"
#include "sextant/v1alpha1/finding.pb.h"
#include "sextant/v1alpha1/view.pb.h"

namespace sextant::app::cli {

inline constexpr std::string_view kNotLooked = "-";  // an absent witness

Time time_of(const google::protobuf::Timestamp& timestamp);

// "shop/db", "node/n1", "service/shop/web".
std::string endpoint_text(const v1alpha1::Endpoint& endpoint);
// "shop/db, of StatefulSet/db, 2001:db8:1::5".
std::string full_endpoint_text(const v1alpha1::Endpoint& endpoint);

// Whether `name` means it: "shop/db", "db", "node/n1", "n1", the workload "StatefulSet/db"; an empty one means all.
bool is_named(const v1alpha1::Endpoint& endpoint, std::string_view name);

// "443/TCP", "8000-8010/TCP", "any/UDP", "128/ICMPv6", "any/ICMPv6"; "others" for all other protocols.
std::string port_text(std::string_view protocol, std::uint32_t port, std::uint32_t end_port);
bool any_port(std::string_view protocol, std::uint32_t port, std::uint32_t end_port);

// `ports` joined; "everything" when `whole`, the protocols of which every port is among them, are all that have any.
std::string ports_text(const std::vector<std::string>& ports, const std::set<std::string>& whole,
                       std::string_view separator);

// "a, b and 7 more"; `most` 0: all of them.
std::string list_text(const google::protobuf::RepeatedPtrField<std::string>& items, std::size_t most);
// "the internet", "the internet but 2001:db8:bad::/48", "2001:db8:100::/48".
std::string reach_text(const v1alpha1::Source& source, std::size_t most);
// "world: 2000::/3 but 2001:db8::/32".
std::string source_text(const v1alpha1::Source& source, std::size_t most);

// "policies/db.yaml:12", "resourceVersion 4711"; empty when nothing is known.
std::string origin_text(const v1alpha1::PolicyRef& policy);
// "CiliumNetworkPolicy shop/db".
std::string object_text(const v1alpha1::PolicyRef& policy);
// "CiliumNetworkPolicy shop/db spec.ingress[0] (policies/db.yaml:12)".
std::string policy_text(const v1alpha1::PolicyRef& policy);

// For tables: "CNP shop/db ingress[0] (policies/db.yaml:12)".
std::string short_policy_text(const v1alpha1::PolicyRef& policy);

// Allowed although nobody wrote so.
bool is_by_default(std::string_view because);
// "deny", "allow", "allow by default".
std::string intent_text(std::string_view verdict, std::string_view because);
Style intent_style(std::string_view verdict, std::string_view because);

// "21 MiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace sextant::app::cli
