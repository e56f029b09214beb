#include "base/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "testing/temporary_folder.h"

namespace pare {
namespace {

class Files : public testing::TemporaryFolder {
 protected:
  size_t entries() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
};

TEST_F(Files, WritesThenReads) {
  ASSERT_TRUE(write_file(folder_ / "a", std::string_view("hello")));
  const auto bytes = read_file(folder_ / "a");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), "hello");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, AppendsToWhatIsThere) {
  EXPECT_FALSE(append_file(folder_ / "a", "x"));
  ASSERT_TRUE(write_file(folder_ / "a", std::string_view("one ")));
  ASSERT_TRUE(append_file(folder_ / "a", "two"));
  EXPECT_EQ(read_file(folder_ / "a")->size(), 7u);
  EXPECT_NE(append_file("/dev/full", "x").error().message.find("No space left"), std::string::npos);
}

TEST_F(Files, MissingFileIsNamed) {
  const auto bytes = read_file(folder_ / "absent");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::Io);
  EXPECT_NE(bytes.error().to_string().find("absent: cannot open: No such file"), std::string::npos);
}

TEST_F(Files, FolderIsRefused) { EXPECT_FALSE(read_file(folder_)); }

TEST_F(Files, AFolderIsMissedBeforeTheWork) {
  EXPECT_TRUE(check_folder_of(folder_ / "a"));
  EXPECT_TRUE(check_folder_of("a"));
  const auto missing = check_folder_of(folder_ / "missing" / "a");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().to_string(),
            write_file(folder_ / "missing" / "a", std::string_view("x")).error().to_string());
}

TEST_F(Files, AFolderThatTakesNoFilesIsMissedToo) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const auto checked = check_folder_of(folder_ / "a");
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("Permission denied"), std::string::npos);
}

TEST_F(Files, FailedWriteLeavesNothing) {
  std::filesystem::create_directory(folder_ / "sub");
  EXPECT_FALSE(write_file(folder_ / "missing" / "a", std::string_view("x")));
  EXPECT_FALSE(write_file("/dev/full", std::string_view("x")));
  EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace pare
