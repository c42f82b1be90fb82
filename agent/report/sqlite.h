// SQLite as the store needs it: one connection, statements, and errors as sentences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "agent/base/c_ptr.h"
#include "agent/base/result.h"

namespace sextant::report {

// A prepared statement; lives no longer than its database. Bind, step, reset.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}

  // Parameters from 1. Texts and blobs are copied.
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, std::int64_t number);
  Statement& bind_blob(int parameter, std::string_view bytes);
  Statement& bind_null(int parameter);

  // True: a row can be read. False: done.
  Result<bool> step();
  // Steps to the end and makes ready for new parameters, also after a failure.
  Result<> run();
  void reset();

  // Columns from 0, of the row stepped to; views are valid until the next step.
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  std::int64_t number(int column) const;

 private:
  Failure error() const;

  sqlite3* database_ = nullptr;
  CPtr<sqlite3_stmt, sqlite3_finalize> statement_{};
  int bind_error_ = SQLITE_OK;
};

class Database {
 public:
  Database() = default;
  // Creates the file where missing; its folder must exist. Nothing is read yet: a file that is no database is found out
  // by the first statement.
  static Result<Database> open(const std::string& path);

  Result<Statement> prepare(std::string_view sql);
  // One or more statements without parameters; rows are ignored.
  Result<> run(const std::string& sql);
  // The first column of the first row: of pragmas and counts. An error when there is no row.
  Result<std::string> ask(std::string_view sql);

 private:
  CPtr<sqlite3, sqlite3_close_v2> connection_{};
};

// SQLite's result code (extended ones are cut to the primary) as carried in Error::code, which is then no errno.
int sqlite_code(const Error& error);

}  // namespace sextant::report
