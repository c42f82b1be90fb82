// ManifestSource: looks at the folder whenever inotify says that it may have changed, and tells what did.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "agent/manifests/folder.h"
#include "agent/manifests/manifests.h"
#include "agent/manifests/shelf.h"
#include "agent/manifests/watch.h"

namespace sextant::manifests {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr milliseconds kQuiet{50};          // a burst of events has ended
constexpr milliseconds kLongestBurst{500};  // or is looked at all the same
constexpr milliseconds kLookForRoot{200};   // while the folder is not there
constexpr milliseconds kWithoutInotify{1'000};
constexpr milliseconds kSafetyNet{60'000};  // other machines' writes on a network file system make no event here

bool lies_below(const std::string& file, const std::string& folder) {
  return file.size() > folder.size() && file.starts_with(folder) && file[folder.size()] == '/';
}

// Without a trailing slash, so that it has a name in its parent.
std::filesystem::path full_path(const std::filesystem::path& path) {
  std::error_code error;
  auto full = std::filesystem::absolute(path, error).lexically_normal();
  if (!full.has_filename() && full.has_relative_path()) full = full.parent_path();
  return full;
}

}  // namespace

struct ManifestSource::State {
  std::filesystem::path root;
  Sinks sinks;
  std::optional<Watch> watch{};
  std::optional<Problem> no_watch{};  // why there is none

  Shelf shelf{};
  std::unordered_map<std::string, Stamp> stamps{};  // of files whose content the shelf has
  bool root_is_there = false;

  std::map<ObjectKey, std::shared_ptr<const Object>> told{};
  std::optional<std::vector<Problem>> told_problems{};
  std::size_t told_files = 0;
  std::size_t told_ignored = 0;

  void look();
  void take(const Tree& tree);
  void read(const std::string& file);
  void tell(std::vector<Problem> problems);
  bool tell_objects(const Shelf::Sum& sum);
  milliseconds patience() const;
};

// Brings shelf and watches up to date with the disk, and tells what changed.
void ManifestSource::State::look() {
  std::vector<Problem> problems;
  if (no_watch) problems.push_back(*no_watch);
  const auto unless_watched = [&](const std::string& path, const Result<>& added) {
    // What cannot be read is told by the one who reads it.
    const bool told_elsewhere = added || added.error().code == ENOENT || added.error().code == EACCES;
    if (told_elsewhere) return;
    problems.push_back({.file = path, .cause = "not watched, changes are seen within a minute: " + added.error().what});
  };
  if (watch) {
    watch->begin();
    const auto full = full_path(root);
    const std::string parent = full.parent_path().string();
    unless_watched(parent, watch->add_name(parent, full.filename().string()));
  }
  const auto on_folder = [&](const std::string& path) {
    if (watch) unless_watched(path, watch->add_folder(path));
  };
  const auto on_link = [&](const std::string& path) {
    if (watch) unless_watched(path, watch->add_target(path));
  };
  auto tree = find_files(root, on_folder, on_link);
  if (watch) watch->end();

  root_is_there = tree.has_value();
  if (tree) {
    take(*tree);
    problems.insert(problems.end(), tree->problems.begin(), tree->problems.end());
  } else {
    // No folder is not an empty folder: what it held stays.
    problems.push_back({.file = root.string(), .cause = tree.error().what});
  }
  tell(std::move(problems));
}

void ManifestSource::State::take(const Tree& tree) {
  for (const std::string& file : tree.files) read(file);
  const std::set<std::string_view> there(tree.files.begin(), tree.files.end());
  const auto is_gone = [&](const std::string& file) {
    if (there.contains(file)) return false;
    return std::ranges::none_of(tree.unreadable, [&](const std::string& folder) { return lies_below(file, folder); });
  };
  shelf.remove_if(is_gone);
  std::erase_if(stamps, [&](const auto& entry) { return is_gone(entry.first); });
}

void ManifestSource::State::read(const std::string& file) {
  struct stat status{};
  if (const auto known = stamps.find(file); known != stamps.end()) {
    if (::stat(file.c_str(), &status) == 0 && known->second == Stamp::of(status)) return;
    stamps.erase(known);
  }
  auto text = read_file(file);
  if (!text) {
    // Deleted since the folder was listed; the event is on its way. A link to nowhere is there, and broken.
    if (text.error().code == ENOENT && ::lstat(file.c_str(), &status) != 0) return;
    return shelf.fail(file, text.error().what);
  }
  shelf.put(file, parse_content(text->text, file));
  if (text->stamp.is_settled()) stamps.emplace(file, text->stamp);
}

bool ManifestSource::State::tell_objects(const Shelf::Sum& sum) {
  std::set<ObjectKey> now;
  for (const auto& object : sum.objects) now.insert(key_of(*object));
  bool changed = false;
  for (auto it = told.begin(); it != told.end();) {
    if (now.contains(it->first)) {
      ++it;
      continue;
    }
    const Removed removed{it->first};
    it = told.erase(it);
    changed = true;
    if (sinks.delta) sinks.delta(removed);
  }
  for (const auto& object : sum.objects) {  // in the order of files and documents
    const auto [entry, added] = told.try_emplace(key_of(*object), object);
    const bool same = !added && (entry->second == object || *entry->second == *object);
    entry->second = object;
    if (same) continue;
    changed = true;
    if (sinks.delta) sinks.delta(*object);
  }
  return changed;
}

void ManifestSource::State::tell(std::vector<Problem> problems) {
  const Shelf::Sum sum = shelf.sum();
  const bool changed = tell_objects(sum);
  problems.insert(problems.end(), sum.problems.begin(), sum.problems.end());
  std::ranges::sort(problems);
  if (!changed && told_problems == problems && told_files == sum.files && told_ignored == sum.ignored) return;
  told_problems = std::move(problems);
  told_files = sum.files;
  told_ignored = sum.ignored;
  if (sinks.round) sinks.round(*told_problems, told_files, told_ignored);
}

milliseconds ManifestSource::State::patience() const {
  if (!root_is_there) return kLookForRoot;
  return watch ? kSafetyNet : kWithoutInotify;
}

ManifestSource::ManifestSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
ManifestSource::ManifestSource(ManifestSource&&) noexcept = default;
ManifestSource::~ManifestSource() = default;

Result<ManifestSource> ManifestSource::open(std::filesystem::path path, Sinks sinks) {
  const std::string name = path.string();
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return errno_failure(name, errno);
  if (!S_ISDIR(status.st_mode)) return failure(name + ": is no folder", ENOTDIR);
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK | X_OK, AT_EACCESS) != 0) return errno_failure(name, errno);
  auto state = std::make_unique<State>(State{.root = std::move(path), .sinks = std::move(sinks)});
  if (auto watch = Watch::open()) {
    state->watch = *std::move(watch);
  } else {
    state->no_watch = Problem{.file = name, .cause = "not watched, but read every second: " + watch.error().what};
  }
  return ManifestSource(std::move(state));
}

asio::awaitable<Result<>> ManifestSource::run() {
  using asio::experimental::awaitable_operators::operator||;
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  std::optional<asio::posix::stream_descriptor> events;
  if (state_->watch) {
    // dup: the descriptor closes what it holds, and the watch owns the original.
    const int copy = ::fcntl(state_->watch->fd(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) co_return errno_failure("watch manifests: dup", errno);
    events.emplace(executor, copy);
  }
  while (true) {
    state_->look();
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
      co_return Result<>();

    timer.expires_after(state_->patience());
    if (!events) {
      if (const auto [error] = co_await timer.async_wait(kWait); error) co_return Result<>();
      continue;
    }
    for (bool matters = false; !matters;) {
      const auto first = co_await (events->async_wait(events->wait_read, kWait) || timer.async_wait(kWait));
      const auto [error] = std::visit([](const auto& result) { return result; }, first);
      if (error == asio::error::operation_aborted) co_return Result<>();
      if (error) co_return failure("watch manifests: " + error.message(), error.value());
      if (first.index() == 1) break;
      auto heard = state_->watch->drain();
      if (!heard) co_return because("watch manifests", heard.error());
      matters = *heard;
    }
    // Waits until the burst is over.
    const auto latest = std::chrono::steady_clock::now() + kLongestBurst;
    for (bool more = true; more && std::chrono::steady_clock::now() < latest;) {
      timer.expires_after(kQuiet);
      if (const auto [error] = co_await timer.async_wait(kWait); error) co_return Result<>();
      auto heard = state_->watch->drain();
      if (!heard) co_return because("watch manifests", heard.error());
      more = *heard;
    }
  }
}

}  // namespace sextant::manifests
