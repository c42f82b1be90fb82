// The store: findings and their history in SQLite (WAL), so that they survive kill -9.
//
// Holds protobuf messages of proto/sextant/v1alpha1 beside the columns it searches by. One writer: the daemon.
// Thread: the one it was opened on.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/result.h"
#include "agent/model/finding.h"

namespace sextant::report {

class Store {
 public:
  // Creates the file and its folder where missing. Errors: unreadable, locked by another daemon, a schema newer than
  // this program's, or no SQLite database ("… is not a database; move it away to start anew").
  static Result<Store> open(const std::filesystem::path& path, std::chrono::hours keep);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  // All of a round in one transaction; on return it is durable against the death of the process.
  Result<> write(const std::vector<FindingChange>& changes);
  // Open findings, and those resolved since `since`.
  Result<std::vector<Finding>> load(Time since) const;
  // Deletes resolved findings and history older than `keep`.
  Result<> prune(Time now);

  struct HistoryEntry {
    Time at{};
    FindingChange::Kind kind = FindingChange::Kind::kOpened;
    std::string why{};
  };
  Result<std::vector<HistoryEntry>> history(std::string_view finding_id) const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sextant::report
