#include "agent/report/sqlite.h"

#include <utility>

namespace sextant::report {
namespace {

constexpr int kPrimaryCode = 0xff;  // sqlite.org/rescode.html: the least significant byte

Failure failure_of(sqlite3* database) { return failure(sqlite3_errmsg(database), sqlite3_extended_errcode(database)); }

}  // namespace

int sqlite_code(const Error& error) { return error.code & kPrimaryCode; }

Statement& Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL, not the empty text.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  bind_error_ |= sqlite3_bind_text64(statement_.get(), parameter, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t number) {
  bind_error_ |= sqlite3_bind_int64(statement_.get(), parameter, number);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  bind_error_ |= sqlite3_bind_blob64(statement_.get(), parameter, bytes.empty() ? "" : bytes.data(), bytes.size(),
                                     SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  bind_error_ |= sqlite3_bind_null(statement_.get(), parameter);
  return *this;
}

Result<bool> Statement::step() {
  if (bind_error_ != SQLITE_OK) return error();
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return error();
  }
}

Result<> Statement::run() {
  for (;;) {
    const Result<bool> row = step();
    if (!row || !*row) {
      reset();
      return row ? Result<>() : Failure(row.error());
    }
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  bind_error_ = SQLITE_OK;
}

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return {bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

Failure Statement::error() const { return failure_of(database_); }

Result<Database> Database::open(const std::string& path) {
  Database database;
  sqlite3* connection = nullptr;
  // NOMUTEX: the store has one thread.
  const int code = sqlite3_open_v2(path.c_str(), &connection,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database.connection_.reset(connection);
  if (code != SQLITE_OK) return connection == nullptr ? failure("out of memory", code) : failure_of(connection);
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK) {
    return failure_of(connection_.get());
  }
  return Statement(connection_.get(), statement);
}

Result<> Database::run(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure_of(connection_.get());
  }
  return {};
}

Result<std::string> Database::ask(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return Failure(statement.error());
  const Result<bool> row = statement->step();
  if (!row) return Failure(row.error());
  if (!*row) return failure("no answer to " + std::string(sql));
  return std::string(statement->text(0));
}

}  // namespace sextant::report
