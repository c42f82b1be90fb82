// The console and the daemon that the tests of the command line share.
#include "tests/unit/app/cli_console_fixture.h"

#include <atomic>
#include <filesystem>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <unistd.h>

#include "agent/app/lint_view.h"

namespace sextant::app::cli {

namespace asio = boost::asio;
using namespace std::chrono_literals;

int Console::run(std::vector<std::string> args, std::ostream& out, std::ostream& err) const {
  const ManualClock clock(now);
  std::istringstream in(input);
  Io io{.in = in,
        .out = out,
        .err = err,
        .clock = clock,
        .env = [this](const char* name) -> const char* {
          const auto found = env.find(name);
          return found == env.end() ? nullptr : found->second.c_str();
        },
        .columns = columns,
        .pause = [this](std::chrono::milliseconds) { return pause(); }};
  args.insert(args.begin(), "sextant");
  return cli::run(args, io);
}

Outcome Console::run(std::vector<std::string> args) const {
  std::ostringstream out;
  std::ostringstream err;
  const int status = run(std::move(args), out, err);
  return {.status = status, .out = out.str(), .err = err.str()};
}

Result<report::AttemptsView> Answers::attempts() const {
  if (!broken.empty()) return failure(broken);
  return attempts_view;
}

Result<report::ExplainView> Answers::explain(const report::ExplainRequest& request) const {
  if (!broken.empty()) return failure(broken);
  const PolicyRef policy{
      .ns = "shop", .name = "db", .rule = "spec.ingress[0]", .origin = {.file = "policies/db.yaml", .line = 12}};
  return report::ExplainView{
      .request = request,
      .decision = {.verdict = Verdict::kDeny,
                   .because = Because::kDefaultDeny,
                   .selected = true,
                   .enforced = true,
                   .why = "policies select the endpoint, and none of their rules lets this source in",
                   .policies = {policy},
                   .trace = {{.policy = policy, .detail = "source is not in 2001:db8:100::/48"}}},
      .source_class = "world",
      .cilium_release = "1.19.3"};
}

void Answers::lint(const report::LintRequest& request, std::function<void(Result<report::LintView>)> done) const {
  if (!broken.empty()) return done(failure(broken));
  report::LintView view = at_least(lint_view, request.least);
  if (!request.cilium.empty()) view.cilium_release = request.cilium;
  done(std::move(view));
}

namespace {

const EndpointDetail kDb{.ref = {.kind = EndpointKind::kPod, .ns = "shop", .name = "db"},
                         .workload = "StatefulSet/db",
                         .address = IpAddress::parse("2001:db8:1::5").value()};
const EndpointDetail kNode{.ref = {.kind = EndpointKind::kNode, .name = "n1"},
                           .address = IpAddress::parse("2001:db8::1").value()};
const PolicyRef kDbPolicy{
    .ns = "shop", .name = "db", .rule = "spec.ingress[0]", .origin = {.file = "policies/db.yaml", .line = 12}};

std::shared_ptr<const SourceClass> source_class(const std::string& name, bool is_public, const std::string& prefix) {
  return std::make_shared<SourceClass>(SourceClass{.name = name,
                                                   .is_public = is_public,
                                                   .prefixes = {Prefix::parse(prefix).value()},
                                                   .sample = Prefix::parse(prefix).value().first()});
}

Finding delivered() {
  return {
      .id = "SXT001-6f1c2b9d",
      .code = "SXT001",
      .name = "UnintendedDelivery",
      .severity = Severity::kCritical,
      .node = "n1",
      .endpoint = kDb,
      .protocol = Protocol::kTcp,
      .port = 5432,
      .source =
          SourceDetail{
              .source_class = "world", .prefixes = {kGlobalUnicast}, .sample = IpAddress::parse("2600:1::7").value()},
      .message = "shop/db 5432/TCP received a packet from the internet that no policy allows",
      .evidence = {{.witness = Witness::kIntended, .verdict = Verdict::kDeny, .detail = "no rule lets world in"},
                   {.witness = Witness::kDelivery, .verdict = Verdict::kAllow, .detail = "3 packets reached a socket"}},
      .policies = {kDbPolicy},
      .fix = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: db\n",
      .runbook = "https://sextant.dev/runbooks/SXT001.md",
      .first_seen = kConsoleNow - 3min,
      .last_seen = kConsoleNow - 5s,
      .count = 3};
}

Finding dropped() {
  Finding finding = delivered();
  finding.id = "SXT009-00000001";
  finding.code = "SXT009";
  finding.name = "UnintendedDrop";
  finding.severity = Severity::kWarning;
  finding.state = FindingState::kResolved;
  finding.message = "ops/admin 8443/TCP dropped a packet that the policies allow";
  finding.endpoint.ref = {.kind = EndpointKind::kPod, .ns = "ops", .name = "admin"};
  finding.resolved_at = kConsoleNow - 1min;
  finding.resolution = "delivered again";
  return finding;
}

report::StatusView status_of_a_busy_node() {
  report::StatusView status{.node = "n1",
                            .version = "0.1.0",
                            .cilium_release = "1.19.3",
                            .started = kConsoleNow - 72h,
                            .sources = {{.name = "manifests /etc/sextant/manifests",
                                         .healthy = true,
                                         .detail = "12 files, 34 objects, 2 ignored",
                                         .since = kConsoleNow - 72h}},
                            .objects = {{"Pod", 14}, {"CiliumNetworkPolicy", 6}},
                            .uplinks = {"eth0", "tailscale0"},
                            .maps = {{.map = "endpoints", .entries = 60'000, .capacity = 65'536, .bytes = 4U << 20U}},
                            .programs = {{.program = "uplink_ingress"}},
                            .resident_bytes = 21U << 20U};
  const auto witness = [&](Witness which, WitnessState state, std::string covers, std::string reason = {}) {
    status.witnesses.push_back({.witness = which,
                                .state = state,
                                .covers = std::move(covers),
                                .reason = std::move(reason),
                                .since = kConsoleNow - 2h});
  };
  witness(Witness::kIntended, WitnessState::kSees, "6 policies and groups");
  witness(Witness::kRealized, WitnessState::kAbsent, "", "the datapath's state is not read in this version");
  witness(Witness::kUplink, WitnessState::kSees, "uplinks eth0, tailscale0");
  witness(Witness::kDeath, WitnessState::kBlind, "", "tp_btf is missing: the kernel has no BTF");
  status.features = {{.name = "tcx", .available = true},
                     {.name = "btf", .available = false, .reason = "no /sys/kernel/btf/vmlinux"}};
  status.blind_spots = {{.what = "witness death", .why = "tp_btf is missing: the kernel has no BTF"}};
  return status;
}

}  // namespace

Answers busy_node() {
  Answers answers;
  const auto world = source_class("world", true, "2000::/3");
  answers.status_view = status_of_a_busy_node();
  answers.all_findings = {dropped(), delivered()};
  answers.rows = {
      {.endpoint = kDb,
       .protocol = Protocol::kTcp,
       .port = 5432,
       .end_port = 5432,
       .source = world,
       .intended = IntendedView{.verdict = Verdict::kDeny, .because = Because::kDefaultDeny, .policies = {kDbPolicy}},
       .listening = ListeningView{.verdict = Verdict::kAllow, .process = "postgres", .pid = 42},
       .observed = ObservedView{.verdict = Verdict::kAllow, .packets = 3, .last_seen = kConsoleNow - 5s}},
      {.endpoint = kDb,
       .protocol = Protocol::kTcp,
       .end_port = 65535,
       .source = source_class("pod:app=web", false, "fd00:1::/64"),
       .intended = IntendedView{.verdict = Verdict::kAllow, .because = Because::kRule}},
      {.endpoint = kNode,
       .protocol = Protocol::kTcp,
       .port = 9100,
       .end_port = 9100,
       .source = world,
       .intended = IntendedView{.verdict = Verdict::kAllow, .because = Because::kNotEnforced}}};
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmpv6, Protocol::kAny}) {
    answers.exposures.push_back({.endpoint = kNode,
                                 .protocol = protocol,
                                 .last_port = 65535,
                                 .verdict = Verdict::kAllow,
                                 .because = Because::kNotEnforced,
                                 .prefixes = {kGlobalUnicast},
                                 .world = true,
                                 .reason = "Cilium's host firewall is off"});
  }
  answers.exposures.push_back({.endpoint = kDb,
                               .protocol = Protocol::kTcp,
                               .first_port = 5432,
                               .last_port = 5432,
                               .verdict = Verdict::kAllow,
                               .because = Because::kRule,
                               .prefixes = {Prefix::parse("2001:db8:100::/48").value()},
                               .reason = "a rule allows it",
                               .policies = {kDbPolicy},
                               .listening = ListeningView{.verdict = Verdict::kAllow, .process = "postgres"}});
  answers.attempts_view.attempts = {
      {.endpoint = kDb.ref, .port = 5432, .verdict = Verdict::kDeny, .packets = 12, .last_seen = kConsoleNow - 1s},
      {.endpoint = kDb.ref, .port_known = false, .verdict = Verdict::kDeny, .packets = 900, .last_seen = kConsoleNow}};
  answers.attempts_view.sources = {{.prefix = Prefix::parse("2600:1::/48").value(),
                                    .endpoint = kDb.ref,
                                    .port = 5432,
                                    .verdict = Verdict::kDeny,
                                    .estimate = 12,
                                    .error = 2}};
  return answers;
}

struct Daemon::Parts {
  asio::io_context io{};
  std::optional<report::ApiServer> api{};
  asio::cancellation_signal cancel{};
  std::thread thread{};
};

Daemon::Daemon(const Answers& answers, std::string socket)
    : socket_(std::move(socket)), parts_(std::make_unique<Parts>()) {
  static std::atomic<int> number = 0;
  if (socket_.empty()) {
    socket_ = (std::filesystem::temp_directory_path() /
               ("sextant_cli_" + std::to_string(::getpid()) + "_" + std::to_string(++number) + ".sock"))
                  .string();
  }
  auto api = report::ApiServer::bind({.socket = socket_, .listen = {}}, answers);
  EXPECT_TRUE(api) << api.error().what;
  parts_->api.emplace(std::move(*api));
  asio::co_spawn(
      parts_->io, parts_->api->run(),
      asio::bind_cancellation_slot(parts_->cancel.slot(), [](const std::exception_ptr&, const Result<>&) {}));
  parts_->thread = std::thread([this] { parts_->io.run(); });
}

Daemon::~Daemon() { stop(); }

void Daemon::stop() {
  if (!parts_->thread.joinable()) return;
  asio::post(parts_->io, [this] { parts_->cancel.emit(asio::cancellation_type::terminal); });
  parts_->thread.join();
  parts_->api.reset();
}

void Daemon::publish(const FindingChange& change) {
  asio::post(parts_->io, [this, change] { parts_->api->publish(change); });
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace sextant::app::cli
