#include "agent/datapath/cgroups.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/datapath/datapath.h"

namespace sextant::datapath {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view kUid = "1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e";

struct PathCase {
  std::string_view name;
  std::string_view path;
  std::string_view uid;  // empty: no pod's
};

// What kubelets make: pkg/kubelet/cm/{cgroup_manager_linux,pod_container_manager_linux}.go, and below it what the
// container runtimes add.
constexpr PathCase kPaths[] = {
    {"SystemdGuaranteed",
     "/kubepods.slice/kubepods-pod1c5c8a5e_43f1_4a6e_9d0a_2f6f0f0c1d2e.slice/cri-containerd-0a1b.scope", kUid},
    {"SystemdBurstable",
     "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1c5c8a5e_43f1_4a6e_9d0a_2f6f0f0c1d2e.slice/"
     "crio-0a1b.scope/container",
     kUid},
    {"SystemdBestEffort",
     "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1c5c8a5e_43f1_4a6e_9d0a_2f6f0f0c1d2e.slice",
     kUid},
    {"SystemdInKind",
     "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
     "kubelet-kubepods-burstable-pod1c5c8a5e_43f1_4a6e_9d0a_2f6f0f0c1d2e.slice/cri-containerd-0a1b.scope",
     kUid},
    {"SystemdStaticPod",
     "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0123456789abcdef0123456789abcdef.slice/"
     "cri-containerd-0a1b.scope",
     "0123456789abcdef0123456789abcdef"},
    {"CgroupfsGuaranteed", "/kubepods/pod1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e/0a1b", kUid},
    {"CgroupfsBurstable", "/kubepods/burstable/pod1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e/0a1b", kUid},
    {"CgroupfsBestEffort", "/kubepods/besteffort/pod1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e", kUid},
    {"CgroupfsInDocker", "/docker/f00d/kubelet/kubepods/besteffort/pod1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e/0a1b", kUid},
    {"CgroupfsStaticPod", "/kubepods/burstable/pod0123456789abcdef0123456789abcdef/0a1b",
     "0123456789abcdef0123456789abcdef"},
    {"Root", "/", ""},
    {"Service", "/system.slice/kubelet.service", ""},
    {"ClassOfService", "/kubepods.slice/kubepods-burstable.slice", ""},
    {"ClassOfServiceCgroupfs", "/kubepods/burstable", ""},
    {"PodmanOutsideKubepods", "/machine.slice/libpod-0a1b.scope", ""},
    {"FolderThatOnlyLooksLikeOne", "/user/pod1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e", ""},
    {"SliceThatOnlyLooksLikeOne", "/user.slice/user-pod1c5c8a5e_43f1_4a6e_9d0a_2f6f0f0c1d2e.slice", ""},
    {"PodWithoutUid", "/kubepods/burstable/pod/0a1b", ""},
    {"SliceWithoutUid", "/kubepods.slice/kubepods-pod.slice", ""},
    {"UidWithASpace", "/kubepods/pod1c5c 8a5e/0a1b", ""},
    {"NameOfAnotherLength", "/kubepods/sidecars/burstable/pod1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e", ""},
};

class PodUidFromCgroup : public testing::TestWithParam<PathCase> {};

TEST_P(PodUidFromCgroup, ReadsTheKubeletsPath) {
  EXPECT_EQ(pod_uid_from_cgroup(GetParam().path).value_or(""), GetParam().uid);
}

INSTANTIATE_TEST_SUITE_P(Paths, PodUidFromCgroup, testing::ValuesIn(kPaths),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Cgroup2Mount, IsNoneOfVersionOne) {
  const auto mount = cgroup2_mount("36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices\n");
  ASSERT_FALSE(mount);
  EXPECT_EQ(mount.error().what, "find cgroup2: no mount of type cgroup2 in /proc/self/mountinfo");
}

TEST(Cgroup2Mount, MayHaveTagsAndASpace) {
  const auto mount = cgroup2_mount(
      "23 1 0:5 / /proc rw - proc proc rw\n"
      "41 31 0:38 / /mnt/a\\040b rw,relatime shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n");
  EXPECT_EQ(mount.value(), "/mnt/a b");
}

TEST(Cgroup2Mount, PrefersTheRootOfTheHierarchy) {
  const auto root = find_cgroup2();
  if (!root || !is_cgroup_root(*root)) GTEST_SKIP() << "no root of cgroup2 here";
  const auto mount = cgroup2_mount("41 31 0:38 / /nowhere rw - cgroup2 cgroup2 rw\n42 31 0:38 / " + *root +
                                   " rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(mount.value(), *root);
}

TEST(Cgroup2Mount, SurvivesLinesThatAreCutShort) {
  EXPECT_FALSE(cgroup2_mount(""));
  EXPECT_FALSE(cgroup2_mount("\n\n41\n41 31 0:38 / /x rw -"));
  EXPECT_FALSE(cgroup2_mount("- cgroup2"));
}

// A folder stands in for cgroupfs: the scan needs only that inodes name directories.
class CgroupsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(root_.data()), nullptr); }
  void TearDown() override { fs::remove_all(root_); }

  std::uint64_t make(const std::string& path) {
    fs::create_directories(root_ + path);
    struct stat status{};
    EXPECT_EQ(::stat((root_ + path).c_str(), &status), 0);
    return status.st_ino;
  }

  std::string root_ = "/tmp/sextant-cgroups-XXXXXX";
  const Cgroups::Moment start_ = std::chrono::steady_clock::now();
};

TEST_F(CgroupsTest, NamesACgroupByItsInode) {
  const auto id = make("/kubepods/burstable/pod1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e/0a1b");
  Cgroups cgroups(root_);
  const Cgroup* cgroup = cgroups.find(id, start_);
  ASSERT_NE(cgroup, nullptr);
  EXPECT_EQ(cgroup->path, "/kubepods/burstable/pod1c5c8a5e-43f1-4a6e-9d0a-2f6f0f0c1d2e/0a1b");
  EXPECT_EQ(cgroup->pod_uid, std::string(kUid));
}

TEST_F(CgroupsTest, NamesTheRoot) {
  const auto id = make("");
  Cgroups cgroups(root_);
  ASSERT_NE(cgroups.find(id, start_), nullptr);
  EXPECT_EQ(cgroups.find(id, start_)->path, "/");
}

TEST_F(CgroupsTest, LooksAgainForAnUnknownOneButNotAtOnce) {
  Cgroups cgroups(root_);
  EXPECT_EQ(cgroups.find(1, start_), nullptr);
  const auto id = make("/late");
  EXPECT_EQ(cgroups.find(id, start_ + Cgroups::kScanGap / 2), nullptr);
  ASSERT_NE(cgroups.find(id, start_ + Cgroups::kScanGap), nullptr);
}

TEST_F(CgroupsTest, RemembersOneThatIsGoneForAWhile) {
  const auto id = make("/gone");
  Cgroups cgroups(root_);
  ASSERT_NE(cgroups.find(id, start_), nullptr);
  fs::remove(root_ + "/gone");
  EXPECT_EQ(cgroups.find(1, start_ + Cgroups::kRemember), nullptr);
  EXPECT_NE(cgroups.find(id, start_ + Cgroups::kRemember), nullptr);
  EXPECT_EQ(cgroups.find(1, start_ + Cgroups::kRemember + 4s), nullptr);
  EXPECT_EQ(cgroups.find(id, start_ + Cgroups::kRemember + 4s), nullptr);
}

TEST_F(CgroupsTest, StopsAtItsLimitAndSaysSo) {
  for (int i = 0; i < 4; ++i) make("/c" + std::to_string(i));
  Cgroups enough(root_, 5);  // the root is one
  enough.find(1, start_);
  EXPECT_FALSE(enough.truncated());
  make("/c4");
  Cgroups scarce(root_, 5);
  scarce.find(1, start_);
  EXPECT_TRUE(scarce.truncated());
}

TEST_F(CgroupsTest, IgnoresFiles) {
  make("/a");
  std::ofstream(root_ + "/a/cgroup.procs") << "1\n";
  struct stat status{};
  ASSERT_EQ(::stat((root_ + "/a/cgroup.procs").c_str(), &status), 0);
  Cgroups cgroups(root_);
  EXPECT_EQ(cgroups.find(status.st_ino, start_), nullptr);
}

TEST(Cgroups, WithoutAFolderKnowNothing) {
  Cgroups cgroups("/nonexistent");
  EXPECT_EQ(cgroups.find(1), nullptr);
}

}  // namespace
}  // namespace sextant::datapath
