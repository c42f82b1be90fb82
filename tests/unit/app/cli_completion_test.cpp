#include "agent/app/cli/completion.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include "agent/app/cli/command_tree.h"
#include "agent/app/cli/completion_model.h"

namespace sextant::app::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

std::string script(Shell shell) {
  const CommandTree tree({});
  return completion_script(tree.app(), shell);
}

std::set<std::string> output_of(const std::string& command) {
  std::set<std::string> lines;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> line{};
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    std::string text(line.data());
    if (text.ends_with('\n')) text.pop_back();
    lines.insert(text);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return lines;
}

// Sources the real script in a real bash and asks it, with the words split as readline splits them.
class BashCompletion : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("sextant_completion_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "manifests dir");
    std::ofstream(folder_ / "sextant.bash") << script(Shell::kBash);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::set<std::string> complete(const std::vector<std::string>& words) {
    std::string list;
    for (const auto& word : words) list += " '" + word + "'";
    const std::string run = "cd '" + folder_.string() +
                            "' && bash --norc -u -e -c '. ./sextant.bash; COMP_WORDS=(\"$@\"); " +
                            "COMP_CWORD=$(($# - 1)); _sextant; " +
                            "if ((${#COMPREPLY[@]})); then printf \"%s\\n\" \"${COMPREPLY[@]}\"; fi' -- sextant" + list;
    return output_of(run);
  }

  std::filesystem::path folder_;
};

TEST_F(BashCompletion, OffersVerbsFirst) {
  const auto all = complete({""});
  for (const char* verb :
       {"status", "findings", "endpoints", "exposure", "explain", "attempts", "completion", "version", "help"})
    EXPECT_THAT(all, Contains(verb));
  EXPECT_THAT(all, Contains("--server"));
  EXPECT_THAT(complete({"ex"}), UnorderedElementsAre("exposure", "explain"));
}

TEST_F(BashCompletion, OffersTheOptionsOfTheVerb) {
  EXPECT_THAT(complete({"findings", "--s"}),
              UnorderedElementsAre("--since", "--severity", "--server", "--sextant-namespace"));
  EXPECT_THAT(complete({"attempts", "--w"}), UnorderedElementsAre("--watch"));
  EXPECT_THAT(complete({"-o", "json", "findings", "--cod"}), UnorderedElementsAre("--code"));
}

TEST_F(BashCompletion, OffersTheWordsOfAnOption) {
  EXPECT_THAT(complete({"findings", "--severity", ""}), UnorderedElementsAre("critical", "warning", "info"));
  EXPECT_THAT(complete({"status", "-o", "j"}), UnorderedElementsAre("json"));
  EXPECT_THAT(complete({"status", "--output", "=", "y"}), UnorderedElementsAre("yaml"));
  EXPECT_THAT(complete({"status", "--output", "="}), UnorderedElementsAre("table", "wide", "json", "yaml"));
}

TEST_F(BashCompletion, OffersTheWordsOfAnArgument) {
  EXPECT_THAT(complete({"completion", "b"}), UnorderedElementsAre("bash"));
  EXPECT_THAT(complete({"help", "fin"}), UnorderedElementsAre("findings"));
}

TEST_F(BashCompletion, OffersFilesForManifests) {
  EXPECT_THAT(complete({"exposure", "--manifests", "man"}), UnorderedElementsAre("manifests dir"));
  EXPECT_THAT(complete({"exposure", "-f", "sex"}), UnorderedElementsAre("sextant.bash"));
}

TEST_F(BashCompletion, OffersNothingForFreeText) { EXPECT_THAT(complete({"findings", "--since", ""}), IsEmpty()); }

TEST_F(BashCompletion, IsRegisteredForThePluginToo) {
  const auto registered = output_of("bash --norc -c '. " + (folder_ / "sextant.bash").string() + "; complete -p'");
  EXPECT_THAT(registered, UnorderedElementsAre("complete -F _sextant kubectl-sextant", "complete -F _sextant sextant"));
}

TEST(Completion, HoldsEveryOptionOfEveryVerbInEveryShell) {
  const CommandTree tree({});
  const std::string bash = script(Shell::kBash);
  const std::string zsh = script(Shell::kZsh);
  const std::string fish = script(Shell::kFish);
  for (const auto& verb : completed_verbs(tree.app())) {
    for (const auto& option : verb.options) {
      for (const auto& name : option.names) {
        EXPECT_THAT(bash, HasSubstr(name));
        EXPECT_THAT(zsh, HasSubstr(name));
        EXPECT_THAT(fish, HasSubstr(name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1)));
      }
    }
  }
}

TEST(Completion, OffersNoVerbOfALaterVersion) {
  for (const Shell shell : {Shell::kBash, Shell::kZsh, Shell::kFish})
    EXPECT_THAT(script(shell), Not(HasSubstr("verify")));
}

bool has_shell(const char* name) {
  return std::system(("command -v " + std::string(name) + " >/dev/null").c_str()) == 0;
}

void expect_syntax(const char* shell, const std::string& text) {
  if (!has_shell(shell)) GTEST_SKIP() << shell << " is not installed";
  const auto file =
      std::filesystem::temp_directory_path() / ("sextant_" + std::string(shell) + std::to_string(::getpid()));
  std::ofstream(file) << text;
  EXPECT_EQ(std::system((std::string(shell) + " -n " + file.string()).c_str()), 0);
  std::filesystem::remove(file);
}

TEST(Completion, IsGoodBash) { expect_syntax("bash", script(Shell::kBash)); }
TEST(Completion, IsGoodZsh) { expect_syntax("zsh", script(Shell::kZsh)); }
TEST(Completion, IsGoodFish) { expect_syntax("fish", script(Shell::kFish)); }

}  // namespace
}  // namespace sextant::app::cli
