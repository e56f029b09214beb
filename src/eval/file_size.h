// Size of a file as it lies on a disk and as it would be downloaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/error.h"

namespace pare {

struct FileSize {
  int64_t bytes = 0;
  int64_t gzip_bytes = 0;  // at level 9
};

// Of these bytes alone.
int64_t gzip_size(std::span<const std::byte> bytes);

Expected<FileSize> measure_file_size(const std::filesystem::path& path);

}  // namespace pare
