// What a rule says, in few words: whom it names, and which ports.
#pragma once

#include <string>

#include "agent/policy/subject.h"

namespace sextant::policy {

// "app=web", "2a00::/12 except 2a00:1::/32", "world or host"; the first few of many.
std::string peers_text(const Entry& entry, const Symbols& symbols);
// "443/TCP", "8000-9000/TCP", named ports as the subject has them; the first few of many.
std::string ports_text(const SubjectPolicy& subject, const Entry& entry);
// "world in 2a00::/12", "app=web, namespace shop": the labels that policies see the source by, without those that every
// peer of the cluster has.
std::string source_text(const LabelSet& source, const Symbols& symbols);
// "the source lies in 2a00::/12, but 2a00:1::/32 is excepted"; empty when no exception keeps the source out.
std::string exception_text(const Entry& entry, const LabelSet& source);

}  // namespace sextant::policy
