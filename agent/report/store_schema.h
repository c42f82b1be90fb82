// The store's tables, and how an older file is brought up to date.
#pragma once

#include "agent/base/result.h"
#include "agent/report/sqlite.h"

namespace sextant::report {

// Brings the database to this program's schema. Errors: another program's database, or a schema of a newer Sextant.
Result<> migrate(Database& database);

}  // namespace sextant::report
