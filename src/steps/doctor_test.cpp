#include "steps/doctor.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

namespace pare {
namespace {

namespace fs = std::filesystem;

class Doctor : public ::testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("PARE_PEERS");
    fs::create_directories(folder_ / "checkout/deep/below");
    fs::create_directories(folder_ / "checkout/.venv-peers/lib/python3.11/site-packages/onnxruntime-1.2.3.dist-info");
    fs::create_directories(folder_ / "checkout/.venv-peers/lib/python3.11/site-packages/something-1.dist-info");
  }
  void TearDown() override { fs::remove_all(folder_); }

  const fs::path folder_ = fs::path(::testing::TempDir()) / "pare_doctor";
};

TEST_F(Doctor, KnowsTheComputer) {
  const Computer computer = examine(folder_);
  EXPECT_GE(computer.cores, 1);
  EXPECT_GT(computer.memory_bytes, 0);
  EXPECT_FALSE(computer.processor.empty());
  EXPECT_THAT(computer.onednn, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST_F(Doctor, FindsPeersInAFolderAbove) {
  const Computer computer = examine(folder_ / "checkout/deep/below");
  EXPECT_EQ(computer.peers_folder, (folder_ / "checkout/.venv-peers").string());
  ASSERT_EQ(computer.peers.size(), 1u);
  EXPECT_EQ(computer.peers[0].name, "onnxruntime");
  EXPECT_EQ(computer.peers[0].version, "1.2.3");
}

TEST_F(Doctor, TheEnvironmentComesFirst) {
  ::setenv("PARE_PEERS", (folder_ / "nowhere").c_str(), 1);
  EXPECT_EQ(examine(folder_ / "checkout").peers_folder, "");
  ::unsetenv("PARE_PEERS");
}

}  // namespace
}  // namespace pare
