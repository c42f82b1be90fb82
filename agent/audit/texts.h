// The words of findings: what several rules say alike.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/model/finding.h"
#include "agent/model/intent.h"

namespace sextant::audit::texts {

// "5432/TCP", "ICMPv6 type 128", "GRE".
std::string port(Protocol protocol, std::uint16_t port);
// As findings name it: "world" also where a policy names the whole of it (::/0, 2000::/3), so that a finding stays the
// same when such a policy comes or goes.
std::string class_name(const SourceClass& source);
// "the internet", "2001:db8:100::/48", "pod:app=web".
std::string source(const SourceClass& source);
// "CiliumNetworkPolicy shop/db and 2 more"; empty for none. Several rules of one object are one.
std::string policies(const std::vector<PolicyRef>& policies);
// The objects, each once, in order.
std::vector<PolicyRef> distinct(std::vector<PolicyRef> policies);
// "shop/db: it sells", ready for a list: "a, b and 2 more". Shows at most `most` (at least 1).
std::string list(const std::vector<std::string>& items, std::size_t most);
// "10m", "90s", "2h".
std::string duration(std::chrono::seconds duration);

// Evidence, as every finding about a port lists it.
Evidence intended(const IntentCell& cell);
Evidence listening(const std::optional<ListeningView>& view);
Evidence not_looked(Witness witness, std::string detail);

}  // namespace sextant::audit::texts
