// Whole files in and out. Written files appear complete or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pare {

// The bytes of a file. Fails for what cannot be read and for files above `limit` bytes.
Expected<std::vector<std::byte>> read_file(const std::filesystem::path& path, uint64_t limit = uint64_t{1} << 34);

// Writes beside the target, flushes to disk, then renames over it. On any failure (full disk, no permission) the target is
// as before and no partial file stays behind.
Expected<void> write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
Expected<void> write_file(const std::filesystem::path& path, std::string_view text);

// Adds to the end of a file that is there. On any failure the file is as before.
Expected<void> append_file(const std::filesystem::path& path, std::string_view text);

// Fails where there is no folder for a file that is to be written, or none that takes files, before long work is done for it.
Expected<void> check_folder_of(const std::filesystem::path& path);

// Removes the file that a write_file() in progress has begun, for handlers of signals that end the process.
void discard_partial_file() noexcept;

}  // namespace pare
