// The rules: one source file for each finding, named for it. A rule reads the picture and claims what holds now; it
// remembers nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/audit/finding_book.h"
#include "agent/audit/picture.h"
#include "agent/audit/stray_pods.h"

namespace sextant::audit {

// ---- evidence that is a state: everything that holds now ------------------------------------------------------------

std::vector<Claim> unprotected_endpoints(const Picture& picture);  // SXT005
std::string unprotected_endpoint_gone(const Picture& picture, const Finding& finding);

std::vector<Claim> host_exposures(const Picture& picture);  // SXT008
std::string host_exposure_gone(const Picture& picture, const Finding& finding);

std::vector<Claim> service_exposures(const Picture& picture);  // SXT011
std::string service_exposure_gone(const Picture& picture, const Finding& finding);

std::vector<Claim> blind_spots(const Picture& picture);           // SXT010
std::vector<Claim> ineffective_policies(const Picture& picture);  // SXT012
std::string ineffective_policy_gone(const Picture& picture, const Finding& finding);

// ---- evidence that is packets: what one row's fresh packets prove, and what ends it ---------------------------------

std::optional<Claim> unintended_delivery(const Picture& picture, const ObservedRow& row);  // SXT001
std::optional<Claim> unintended_drop(const Picture& picture, const ObservedRow& row);      // SXT009
std::optional<Claim> unmanaged_endpoint(const Picture& picture, const StrayPod& stray);    // SXT007

// Why the evidence is gone; std::nullopt: it is not. `steady`: for how long the opposite must have held before a later
// packet counts as agreement.
std::optional<std::string> unintended_delivery_over(const Picture& picture, const Finding& finding, Time now,
                                                    Duration steady);
std::optional<std::string> unintended_drop_over(const Picture& picture, const Finding& finding, Time now,
                                                Duration steady);
std::optional<std::string> unmanaged_endpoint_over(const Picture& picture, const Finding& finding);

}  // namespace sextant::audit
