// explain --batch: many verdicts, of scenarios in a file.
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "agent/app/cli/batch/batch.h"
#include "agent/app/cli/verbs.h"
#include "agent/base/c_ptr.h"

namespace sextant::app::cli {
namespace {

ByteSource bytes_of(int fd, const std::string& name) {
  return [fd, doing = "read " + name](char* to, std::size_t most) -> Result<std::size_t> {
    for (;;) {
      const ssize_t got = ::read(fd, to, most);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return errno_failure(doing, errno);
    }
  };
}

ByteSource bytes_of(std::istream& in) {
  return [&in](char* to, std::size_t most) -> Result<std::size_t> {
    in.read(to, static_cast<std::streamsize>(most));
    return static_cast<std::size_t>(in.gcount());
  };
}

// Each once, in the order given; all that are known when none is.
std::vector<Version> versions_of(const std::vector<std::string>& names) {
  std::vector<Version> versions;
  for (const std::string& name : names) {
    Version version{.name = name, .release = policy::release_from(name)->release};
    if (std::ranges::find(versions, version) == versions.end()) versions.push_back(std::move(version));
  }
  if (!versions.empty()) return versions;
  for (const policy::Release release : policy::kReleases)
    versions.push_back({.name = std::string(policy::to_string(release)), .release = release});
  return versions;
}

}  // namespace

Result<int> explain_batch(Io& io, const ExplainOptions& options) {
  BatchOptions batch{.versions = versions_of(options.offline.cilium), .name = options.batch};
  Result<bool> answered = true;
  if (options.batch != "-") {
    const UniqueFd file(::open(options.batch.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return errno_failure("open " + options.batch, errno);
    answered = answer_batch(bytes_of(file.get(), options.batch), io.out, io.err, batch);
  } else {
    batch.name = "stdin";
    answered =
        answer_batch(io.in_fd >= 0 ? bytes_of(io.in_fd, "standard input") : bytes_of(io.in), io.out, io.err, batch);
  }
  if (!answered) return Failure(answered.error());
  return *answered ? kDone : kCouldNotTell;
}

}  // namespace sextant::app::cli
