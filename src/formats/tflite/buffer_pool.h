// The buffers of a .tflite file being written.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

// A file is one table of signed 32-bit offsets.
inline constexpr uint64_t kMaxFileBytes = (uint64_t{1} << 31) - 1;

// Fails when `bytes` of data, with room for everything beside them, do not fit a file.
Expected<void> check_file_size(uint64_t bytes);

// Gives equal bytes one number; number 0 is the empty buffer. Data are referred to, not copied, until create().
class BufferPool {
 public:
  uint32_t add(std::span<const std::byte> bytes, DType kind = DType::UInt8);
  uint32_t add(const Tensor& tensor) { return add(tensor.bytes(), tensor.dtype()); }

  uint64_t total_bytes() const { return total_bytes_; }
  // Writes all buffers, each aligned to 16 bytes; those of one type lie together, since they compress better so.
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::Buffer>>> create(
      flatbuffers::FlatBufferBuilder& builder) const;

 private:
  struct Data {
    std::span<const std::byte> bytes;
    DType kind = DType::UInt8;
  };
  std::vector<Data> buffers_{{}};
  std::unordered_multimap<size_t, uint32_t> by_hash_;
  uint64_t total_bytes_ = 0;
};

}  // namespace pare::tflite
