// A folder for the files of one test, removed at its end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/files.h"

namespace pare::testing {

class TemporaryFolder : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Writes a file below the folder, with the folders above it; returns its path.
  std::filesystem::path put(const std::string& name, std::span<const std::byte> bytes) const {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    EXPECT_TRUE(write_file(path, bytes));
    return path;
  }
  std::filesystem::path put(const std::string& name, std::string_view text) const {
    return put(name, std::as_bytes(std::span(text.data(), text.size())));
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("pare_test_{}", ::getpid());
};

}  // namespace pare::testing
