#include "agent/base/version.h"

namespace sextant {

const char* const kVersion = SEXTANT_VERSION;
const char* const kCommit = SEXTANT_COMMIT;

}  // namespace sextant
