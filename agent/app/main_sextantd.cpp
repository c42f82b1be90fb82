// sextantd: flags, log, signals, run, exit status. Nothing else.
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

#include "agent/app/config.h"
#include "agent/app/daemon/check.h"
#include "agent/app/daemon/daemon.h"
#include "agent/base/capabilities.h"
#include "agent/base/clock.h"
#include "agent/base/version.h"
#include "agent/report/log.h"
#include "agent/rights/system_calls.h"

namespace {

namespace asio = boost::asio;
using namespace sextant;

constexpr const char* kDefaultConfig = "/etc/sextant/sextant.yaml";
constexpr int kFailed = 1;
constexpr int kCannotRun = 2;

struct Flags {
  std::string config{};
  std::vector<std::string> overrides{};
  std::string manifests{};
  bool check = false;
};

int complain(const std::string& what) {
  std::cerr << "sextantd: " << what << '\n';
  return kCannotRun;
}

// The configuration file is optional only where it was not named: the default path may be missing.
Result<app::ConfigText> read_config(const Flags& flags) {
  app::ConfigText text{.name = flags.config.empty() ? kDefaultConfig : flags.config, .overrides = flags.overrides};
  if (!flags.manifests.empty()) text.overrides.push_back("source.manifests.path=" + flags.manifests);
  std::ifstream file(text.name, std::ios::binary);
  if (!file) {
    if (flags.config.empty() && errno == ENOENT) return text;
    return errno_failure("read " + text.name, errno);
  }
  text.text.assign(std::istreambuf_iterator<char>(file), {});
  if (file.bad() || text.text.empty()) {
    std::error_code error;
    if (std::filesystem::is_directory(text.name, error)) return failure("read " + text.name + ": it is a folder");
  }
  return text;
}

// What the start needed and the run does not: whoever takes this process over can do little with it.
void give_up_rights(Capabilities kept) {
  if (auto done = keep_only_capabilities(kept); !done) spdlog::error("capabilities stay: {}", done.error().what);
  if (auto done = rights::limit_system_calls(); !done) spdlog::error("every system call stays: {}", done.error().what);
}

int serve(app::Config config) {
  asio::io_context io(1);
  const SystemClock clock;
  auto daemon = app::Daemon::start(io, std::move(config), clock);
  if (!daemon) return complain(daemon.error().what);
  give_up_rights((*daemon)->needed_later());
  for (const auto& address : (*daemon)->listening()) spdlog::info("listening on {}", address);

  asio::cancellation_signal stop;
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](auto error, int) {
    if (!error) stop.emit(asio::cancellation_type::terminal);
  });
  int status = 0;
  asio::co_spawn(io, (*daemon)->run(),
                 asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr thrown, Result<> result) {
                   signals.cancel();
                   if (thrown) std::rethrow_exception(thrown);
                   if (result) return;
                   spdlog::critical("stopped: {}", result.error().what);
                   status = kFailed;
                 }));
  io.run();
  spdlog::info("stopped");
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App flags_app{"sextantd: audits public IPv6 ingress on this node against the intended policies"};
  Flags flags;
  flags_app.add_option("--config", flags.config, "Configuration file")->default_str(kDefaultConfig);
  flags_app.add_option("--set", flags.overrides, "key.path=value, repeatable")->allow_extra_args(false);
  flags_app.add_option("--manifests", flags.manifests,
                       "Folder of manifests: short for --set source.manifests.path=DIR");
  flags_app.add_flag("--check", flags.check, "Say what would run here and what would not be seen; exit 0, 1 or 2");
  flags_app.set_version_flag("--version", std::string("sextantd ") + kVersion + " (" + kCommit + ")");
  try {
    flags_app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return flags_app.exit(error) == 0 ? 0 : kCannotRun;
  }

  auto text = read_config(flags);
  if (!text) return complain(text.error().what);
  auto config = app::parse_config(*text);
  if (!config) {
    for (const auto& problem : config.error()) complain(problem.to_string());
    return kCannotRun;
  }
  if (flags.check) return static_cast<int>(app::check(*config, std::cout));
  auto log = report::log_config_from(config->log.level, config->log.format);
  if (!log) return complain(log.error().what);
  report::set_up_log(*log);
  return serve(std::move(*config));
}
