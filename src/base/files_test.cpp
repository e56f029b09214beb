#include "base/files.h"

#include <gtest/gtest.h>

#include <fstream>

namespace pare {
namespace {

class Files : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  size_t entries() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("pare_files_test_{}", ::getpid());
};

TEST_F(Files, WritesThenReads) {
  ASSERT_TRUE(write_file(folder_ / "a", std::string_view("hello")));
  const auto bytes = read_file(folder_ / "a");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), "hello");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, MissingFileIsNamed) {
  const auto bytes = read_file(folder_ / "absent");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::Io);
  EXPECT_NE(bytes.error().to_string().find("absent: cannot open: No such file"), std::string::npos);
}

TEST_F(Files, FolderIsRefused) { EXPECT_FALSE(read_file(folder_)); }

TEST_F(Files, FailedWriteLeavesNothing) {
  std::filesystem::create_directory(folder_ / "sub");
  EXPECT_FALSE(write_file(folder_ / "missing" / "a", std::string_view("x")));
  EXPECT_FALSE(write_file("/dev/full", std::string_view("x")));
  EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace pare
