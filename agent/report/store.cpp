#include "agent/report/store.h"

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/base/c_ptr.h"
#include "agent/report/convert.h"
#include "agent/report/sqlite.h"
#include "agent/report/store_schema.h"

namespace sextant::report {
namespace {

constexpr std::string_view kMoveAway = "; move it away to start anew";

// WAL with NORMAL: a commit is in the file system's cache when it returns, so that the death of the process loses
// nothing, and a power cut at most the last seconds. The cache is small: the store reads little.
constexpr const char* kSettings =
    "PRAGMA busy_timeout = 1000;"        // somebody at the sqlite3 command line
    "PRAGMA auto_vacuum = INCREMENTAL;"  // has an effect only while the file is empty
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA journal_size_limit = 4194304;"
    "PRAGMA cache_size = -512;";

constexpr std::string_view kPutFinding =
    "INSERT INTO findings (id, code, severity, state, node, endpoint_kind, endpoint_namespace, endpoint_name, message,"
    "  first_seen, last_seen, resolved_at, body)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    " ON CONFLICT (id) DO UPDATE SET severity = ?3, state = ?4, message = ?9, first_seen = ?10, last_seen = ?11,"
    "  resolved_at = ?12, body = ?13";
constexpr std::string_view kToldBefore = "SELECT 1 FROM findings WHERE id = ?1 AND severity = ?2 AND message = ?3";
constexpr std::string_view kPutHistory = "INSERT INTO history (finding, at, kind, why) VALUES (?1, ?2, ?3, ?4)";
constexpr std::string_view kLoad =
    "SELECT id, body FROM findings WHERE state = 'open' OR resolved_at >= ?1 ORDER BY first_seen, id";
constexpr std::string_view kLoadHistory = "SELECT at, kind, why FROM history WHERE finding = ?1 ORDER BY seq";
constexpr std::string_view kPruneFindings = "DELETE FROM findings WHERE state <> 'open' AND resolved_at < ?1";
constexpr std::string_view kPruneHistory = "DELETE FROM history WHERE at < ?1";

std::int64_t to_ms(Time time) { return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count(); }

std::string_view word(FindingChange::Kind kind) {
  switch (kind) {
    case FindingChange::Kind::kOpened:
      return "opened";
    case FindingChange::Kind::kUpdated:
      return "updated";
    case FindingChange::Kind::kResolved:
      return "resolved";
  }
  return "";
}

FindingChange::Kind kind_of(std::string_view text) {
  if (text == word(FindingChange::Kind::kOpened)) return FindingChange::Kind::kOpened;
  if (text == word(FindingChange::Kind::kResolved)) return FindingChange::Kind::kResolved;
  return FindingChange::Kind::kUpdated;
}

Time time_of(const FindingChange& change) {
  const Finding& finding = change.finding;
  return change.kind == FindingChange::Kind::kResolved ? finding.resolved_at.value_or(finding.last_seen)
                                                       : finding.last_seen;
}

std::string holder_of(int lock) {
  char text[32] = {};
  const ssize_t length = ::pread(lock, text, sizeof text - 1, 0);
  return length <= 0 ? "" : " (pid " + std::string(text, static_cast<std::size_t>(length)) + ")";
}

// Held for the life of the store, beside the database so that the sqlite3 command line can still read it.
Result<UniqueFd> lock(const std::filesystem::path& path) {
  const std::string name = path.string() + ".lock";
  UniqueFd file(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return errno_failure("open " + name, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_failure("lock " + name, errno);
    return failure(path.string() + " is held by another sextantd" + holder_of(file.get()), EWOULDBLOCK);
  }
  // Only told to people: the lock is what counts.
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), pid.data(), pid.size(), 0) < 0) {
    return errno_failure("write " + name, errno);
  }
  return file;
}

Failure explained(const std::filesystem::path& path, const Error& error) {
  switch (sqlite_code(error)) {
    case SQLITE_NOTADB:
      return failure(path.string() + " is not a database" + std::string(kMoveAway), error.code);
    case SQLITE_CORRUPT:
      return failure(path.string() + " is damaged (" + error.what + ")" + std::string(kMoveAway), error.code);
    case SQLITE_BUSY:
      return failure(path.string() + " is locked by another program", error.code);
    default:
      return because(path.string(), error);
  }
}

Result<Database> open_database(const std::filesystem::path& path) {
  auto database = Database::open(path.string());
  if (!database) return Failure(database.error());
  if (auto set = database->run(kSettings); !set) return Failure(set.error());
  const auto mode = database->ask("PRAGMA journal_mode");
  if (!mode) return Failure(mode.error());
  if (*mode != "wal") return failure("this file system allows no write-ahead log");
  const auto sound = database->ask("PRAGMA quick_check(1)");
  if (!sound) return Failure(sound.error());
  if (*sound != "ok") return failure(*sound, SQLITE_CORRUPT);
  if (auto migrated = migrate(*database); !migrated) return Failure(migrated.error());
  return database;
}

}  // namespace

struct Store::State {
  UniqueFd lock{};
  Database database{};
  std::chrono::hours keep{};
  // Statements after the database: they die first.
  Statement put_finding{}, told_before{}, put_history{}, load{}, load_history{}, prune_findings{}, prune_history{};

  Result<> prepare();
  Result<> put(const FindingChange& change);
  Result<> put_all(const std::vector<FindingChange>& changes);
  // Runs `work` as one transaction: all of it or nothing.
  template <class Work>
  Result<> transact(Work&& work);
};

Result<> Store::State::prepare() {
  const std::pair<Statement*, std::string_view> statements[] = {
      {&put_finding, kPutFinding},   {&told_before, kToldBefore},       {&put_history, kPutHistory},    {&load, kLoad},
      {&load_history, kLoadHistory}, {&prune_findings, kPruneFindings}, {&prune_history, kPruneHistory}};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared) return Failure(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

template <class Work>
Result<> Store::State::transact(Work&& work) {
  if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
  Result<> done = work();
  if (done) done = database.run("COMMIT");
  // What failed is told; SQLite may have rolled back by itself, then this has nothing to do.
  if (!done) static_cast<void>(database.run("ROLLBACK"));
  return done;
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::filesystem::path& path, std::chrono::hours keep) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return errno_failure("make folder " + path.parent_path().string(), error.value());
  if (std::filesystem::is_directory(path, error)) return failure(path.string() + " is a folder");

  auto state = std::make_unique<State>();
  auto locked = lock(path);
  if (!locked) return Failure(locked.error());
  state->lock = std::move(*locked);
  auto database = open_database(path);
  if (!database) return explained(path, database.error());
  state->database = std::move(*database);
  state->keep = keep;
  if (auto prepared = state->prepare(); !prepared) return explained(path, prepared.error());
  return Store(std::move(state));
}

Result<> Store::State::put(const FindingChange& change) {
  const Finding& finding = change.finding;
  const std::string_view severity = to_string(finding.severity);

  // Counts and times move often and are no history; what people read is.
  told_before.bind(1, finding.id).bind(2, severity).bind(3, finding.message);
  const Result<bool> unchanged = told_before.step();
  told_before.reset();
  if (!unchanged) return Failure(unchanged.error());
  if (change.kind != FindingChange::Kind::kUpdated || !*unchanged) {
    const bool resolved = change.kind == FindingChange::Kind::kResolved;
    put_history.bind(1, finding.id).bind(2, to_ms(time_of(change))).bind(3, word(change.kind));
    if (auto put = put_history.bind(4, resolved ? finding.resolution : finding.message).run(); !put) return put;
  }

  put_finding.bind(1, finding.id).bind(2, finding.code).bind(3, severity).bind(4, to_string(finding.state));
  put_finding.bind(5, finding.node).bind(6, to_string(finding.endpoint.ref.kind));
  put_finding.bind(7, finding.endpoint.ref.ns).bind(8, finding.endpoint.ref.name).bind(9, finding.message);
  put_finding.bind(10, to_ms(finding.first_seen)).bind(11, to_ms(finding.last_seen));
  if (finding.resolved_at)
    put_finding.bind(12, to_ms(*finding.resolved_at));
  else
    put_finding.bind_null(12);
  return put_finding.bind_blob(13, to_message(finding).SerializeAsString()).run();
}

Result<> Store::State::put_all(const std::vector<FindingChange>& changes) {
  for (const FindingChange& change : changes) {
    if (auto written = put(change); !written) return because(change.finding.id, written.error());
  }
  return {};
}

Result<> Store::write(const std::vector<FindingChange>& changes) {
  if (changes.empty()) return {};
  auto written = state_->transact([&] { return state_->put_all(changes); });
  if (!written) return because("write findings", written.error());
  return {};
}

Result<std::vector<Finding>> Store::load(Time since) const {
  std::vector<Finding> findings;
  Statement& statement = state_->load;
  statement.bind(1, to_ms(since));
  std::optional<Error> error;
  while (!error) {
    const Result<bool> row = statement.step();
    if (!row) error = row.error();
    if (!row || !*row) break;
    const std::string_view body = statement.blob(1);
    v1alpha1::Finding message;
    if (!message.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
      error = Error{.what = std::string(statement.text(0)) + ": its body is no finding"};
      break;
    }
    auto finding = finding_from(message);
    if (finding)
      findings.push_back(std::move(*finding));
    else
      error = because(statement.text(0), finding.error()).error();
  }
  statement.reset();
  if (error) return because("load findings", *error);
  return findings;
}

Result<> Store::prune(Time now) {
  const std::int64_t oldest = to_ms(now - state_->keep);
  auto pruned = state_->transact([&]() -> Result<> {
    if (auto done = state_->prune_findings.bind(1, oldest).run(); !done) return done;
    return state_->prune_history.bind(1, oldest).run();
  });
  // Gives the room back to the file system.
  if (pruned) pruned = state_->database.run("PRAGMA incremental_vacuum");
  if (!pruned) return because("prune", pruned.error());
  return {};
}

Result<std::vector<Store::HistoryEntry>> Store::history(std::string_view finding_id) const {
  std::vector<HistoryEntry> entries;
  Statement& statement = state_->load_history;
  statement.bind(1, finding_id);
  Result<bool> row = statement.step();
  for (; row && *row; row = statement.step()) {
    entries.push_back({.at = Time(std::chrono::milliseconds(statement.number(0))),
                       .kind = kind_of(statement.text(1)),
                       .why = std::string(statement.text(2))});
  }
  statement.reset();
  if (!row) return because("load history of " + std::string(finding_id), row.error());
  return entries;
}

}  // namespace sextant::report
