// Reading and making zip archives; the only place that sees libzip.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace pare {

class ZipFile {
 public:
  static Expected<ZipFile> open(const std::filesystem::path& path);
  static Expected<ZipFile> from_bytes(std::vector<std::byte> bytes);

  bool has(const std::string& name) const;
  // A whole entry, unpacked and checked against its checksum. Fails where it claims to unpack to more than `limit` bytes or to more
  // than deflate can pack into what is stored.
  Expected<std::vector<std::byte>> read(const std::string& name, uint64_t limit) const;

 private:
  struct State;
  explicit ZipFile(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

struct ZipEntry {
  std::string name;
  std::vector<std::byte> content;
};

// An archive of these entries in this order, not packed; the same bytes at any time.
Expected<std::vector<std::byte>> make_zip(const std::vector<ZipEntry>& entries);

}  // namespace pare
