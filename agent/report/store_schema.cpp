#include "agent/report/store_schema.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace sextant::report {
namespace {

constexpr int kApplicationId = 0x53585431;  // "SXT1": `file` and we tell the database by it

// Step N brings schema N to N + 1 (PRAGMA user_version). Never change a step that was released: add one.
constexpr std::array<std::string_view, 1> kSteps{
    // Times are milliseconds since 1970. `body` is a sextant.v1alpha1.Finding; the columns repeat what is searched by.
    R"(
    CREATE TABLE findings (
      id TEXT PRIMARY KEY NOT NULL,
      code TEXT NOT NULL,
      severity TEXT NOT NULL,
      state TEXT NOT NULL,
      node TEXT NOT NULL,
      endpoint_kind TEXT NOT NULL,
      endpoint_namespace TEXT NOT NULL,
      endpoint_name TEXT NOT NULL,
      message TEXT NOT NULL,
      first_seen INTEGER NOT NULL,
      last_seen INTEGER NOT NULL,
      resolved_at INTEGER,
      body BLOB NOT NULL
    );
    CREATE INDEX findings_by_state ON findings (state, resolved_at);
    CREATE TABLE history (
      seq INTEGER PRIMARY KEY,
      finding TEXT NOT NULL,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      why TEXT NOT NULL
    );
    CREATE INDEX history_by_finding ON history (finding, seq);
    CREATE INDEX history_by_time ON history (at);
    )"};

Result<int> number(Database& database, std::string_view question) {
  const Result<std::string> answer = database.ask(question);
  if (!answer) return Failure(answer.error());
  int value = 0;
  std::from_chars(answer->data(), answer->data() + answer->size(), value);
  return value;
}

Result<> check_owner(Database& database) {
  const Result<int> owner = number(database, "PRAGMA application_id");
  if (!owner) return Failure(owner.error());
  const Result<int> objects = number(database, "SELECT count(*) FROM sqlite_schema");
  if (!objects) return Failure(objects.error());
  if (*owner == kApplicationId || (*owner == 0 && *objects == 0)) return {};
  return failure("is a database of another program; move it away to start anew");
}

Result<> take_step(Database& database, std::size_t step) {
  const std::string sql = "BEGIN IMMEDIATE;" + std::string(kSteps[step]) +
                          "PRAGMA application_id = " + std::to_string(kApplicationId) +
                          "; PRAGMA user_version = " + std::to_string(step + 1) + "; COMMIT;";
  auto taken = database.run(sql);
  // The step's failure is what is told, whatever becomes of the transaction.
  if (!taken) static_cast<void>(database.run("ROLLBACK"));
  return taken;
}

}  // namespace

Result<> migrate(Database& database) {
  if (auto owned = check_owner(database); !owned) return owned;
  const Result<int> version = number(database, "PRAGMA user_version");
  if (!version) return Failure(version.error());
  const int newest = static_cast<int>(kSteps.size());
  if (*version < 0 || *version > newest) {
    return failure("was written by a newer Sextant: its schema is " + std::to_string(*version) +
                   ", this program knows up to " + std::to_string(newest));
  }
  for (auto step = static_cast<std::size_t>(*version); step < kSteps.size(); ++step) {
    if (auto taken = take_step(database, step); !taken) {
      return because("migrate to schema " + std::to_string(step + 1), taken.error());
    }
  }
  return {};
}

}  // namespace sextant::report
