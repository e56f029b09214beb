// Compressed files and archives. libarchive stands behind this file alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace pare {

// What unpacking may grow to. A few bytes can claim terabytes, so everything unpacked is held against these.
struct UnpackLimits {
  uint64_t bytes = uint64_t{4} << 30;  // of all entries together
  int64_t entries = 1'000'000;
};

struct ArchiveEntry {
  std::string name;  // path inside the archive
  std::vector<std::byte> bytes;
};

// The bytes begin like a gzip or xz stream.
bool is_compressed(std::span<const std::byte> bytes);

// The content of a gzip or xz stream. Fails for a damaged stream and beyond the limits.
Expected<std::vector<std::byte>> decompress(std::span<const std::byte> packed, const UnpackLimits& limits = {});

// The regular files of a tar (compressed or not) or zip archive, in its order. Fails for a damaged archive and beyond the limits.
Expected<std::vector<ArchiveEntry>> unpack(std::span<const std::byte> packed, const UnpackLimits& limits = {});
// The same straight from the disk, without the packed bytes in memory.
Expected<std::vector<ArchiveEntry>> unpack_file(const std::filesystem::path& path, const UnpackLimits& limits = {});

// Where the content of an entry lies in its archive.
struct StoredEntry {
  std::string name;
  uint64_t offset, size;
};
// The entries of a zip archive none of which is compressed or encrypted, so that they can be read where they lie (their checksums
// are not looked at); nothing for any other file.
std::optional<std::vector<StoredEntry>> stored_entries(const std::filesystem::path& path);

// A zip archive of the entries, stored without compression; equal entries give equal bytes.
Expected<std::vector<std::byte>> pack_zip(std::span<const ArchiveEntry> entries);

}  // namespace pare
