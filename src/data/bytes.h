// Bytes that are read where they are needed: of a plain file straight from the disk, of a compressed one from memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"

namespace pare {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  // Fills `out` from `offset` on; may be called by several threads. Fails beyond the end.
  virtual Expected<void> read(uint64_t offset, std::span<std::byte> out) const = 0;
};

std::shared_ptr<const ByteSource> bytes_in_memory(std::vector<std::byte> bytes);
std::shared_ptr<const ByteSource> bytes_in_memory(Tensor tensor);

// The `size` bytes of another source from `offset` on; fails where it does not hold them.
Expected<std::shared_ptr<const ByteSource>> bytes_within(std::shared_ptr<const ByteSource> source, uint64_t offset,
                                                         uint64_t size);

// A file; gzip and xz are unpacked into memory.
Expected<std::shared_ptr<const ByteSource>> open_bytes(const std::filesystem::path& path);

// A whole file, unpacked where it is compressed.
Expected<std::vector<std::byte>> read_unpacked(const std::filesystem::path& path);

}  // namespace pare
