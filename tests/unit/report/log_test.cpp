#include "agent/report/log.h"

#include <sstream>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>

#include "agent/base/document.h"

namespace sextant::report {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::string line_of(LogFormat format, const std::string& message) {
  std::ostringstream out;
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger.set_formatter(log_formatter(format));
  logger.warn(message);
  return out.str();
}

TEST(Log, ATextLineSaysWhenHowBadAndWhat) {
  EXPECT_THAT(line_of(LogFormat::kText, "uplink eth1 is gone"),
              MatchesRegex("....-..-..T..:..:......Z warning uplink eth1 is gone\n"));
}

TEST(Log, AMessageCannotForgeALine) {
  EXPECT_THAT(line_of(LogFormat::kText, "a\n2026 info b\r\x1b[2J\x7f"),
              HasSubstr("warning a\\n2026 info b\\r\\x1b[2J\\x7f\n"));
}

TEST(Log, AJsonLineIsOneValueWhateverTheMessageHolds) {
  const std::string line = line_of(LogFormat::kJson, "\"quoted\" \\ \n\x01 \xff");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto read = parse_json(line);
  ASSERT_TRUE(read) << line;
  EXPECT_EQ(read->string_at("level"), "warning");
  EXPECT_EQ(read->string_at("message"), "\"quoted\" \\ \n\x01 \xef\xbf\xbd");
  EXPECT_TRUE(read->find("time") != nullptr);
}

TEST(Log, CredentialsAreBlottedOut) {
  EXPECT_EQ(without_credentials("post https://ntfy:s3cret@ntfy.example/x: refused"),
            "post https://***@ntfy.example/x: refused");
  EXPECT_EQ(without_credentials("Authorization: Bearer abc.def rejected"), "Authorization: Bearer *** rejected");
  EXPECT_EQ(without_credentials("authorization: basic dTpw"), "authorization: basic ***");
  EXPECT_EQ(without_credentials("get https://[::1]:6443/api: mail a@b"), "get https://[::1]:6443/api: mail a@b");
  EXPECT_EQ(without_credentials("a://x@b c://y:z@d"), "a://***@b c://***@d");
  EXPECT_EQ(without_credentials("bearer "), "bearer ***");
}

TEST(Log, KnowsItsLevelsAndFormatsAndNamesOthers) {
  EXPECT_EQ(log_config_from("warning", "json")->level, spdlog::level::warn);
  EXPECT_EQ(log_config_from("warning", "json")->format, LogFormat::kJson);
  EXPECT_EQ(log_config_from("off", "text")->level, spdlog::level::off);
  EXPECT_THAT(log_config_from("loud", "text").error().what, HasSubstr("'loud'"));
  EXPECT_THAT(log_config_from("info", "xml").error().what, HasSubstr("'xml'"));
}

TEST(Log, GoesToStandardErrorFromItsLevelUp) {
  testing::internal::CaptureStderr();
  set_up_log({.level = spdlog::level::warn, .format = LogFormat::kText});
  spdlog::info("quiet");
  spdlog::error("loud {}", 1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), MatchesRegex("[^\n]* error loud 1\n"));
}

}  // namespace
}  // namespace sextant::report
