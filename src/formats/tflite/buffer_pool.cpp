#include "formats/tflite/buffer_pool.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace pare::tflite {
namespace {

constexpr size_t kAlignment = 16;
// Tables, names and padding beside the data; generous.
constexpr uint64_t kReserve = uint64_t{64} << 20;

}  // namespace

Expected<void> check_file_size(uint64_t bytes) {
  if (bytes > kMaxFileBytes - kReserve)
    return unsupported(
        "{} bytes of constants; a .tflite file holds at most 2 GB. Quantise the weights or split the network", bytes);
  return {};
}

uint32_t BufferPool::add(std::span<const std::byte> bytes, DType kind) {
  if (bytes.empty()) return 0;
  const size_t hash = std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto twin = first; twin != last; ++twin)
    if (std::ranges::equal(buffers_[twin->second].bytes, bytes)) return twin->second;
  const auto index = static_cast<uint32_t>(buffers_.size());
  buffers_.push_back({bytes, kind});
  by_hash_.emplace(hash, index);
  total_bytes_ += bytes.size() + kAlignment;
  return index;
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::Buffer>>> BufferPool::create(
    flatbuffers::FlatBufferBuilder& builder) const {
  std::vector<size_t> order(buffers_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [this](size_t i) { return buffers_[i].kind; });
  std::vector<flatbuffers::Offset<flatbuffers::Vector<uint8_t>>> data(buffers_.size());
  for (const size_t i : order) {
    const std::span<const std::byte> bytes = buffers_[i].bytes;
    if (bytes.empty()) continue;
    builder.ForceVectorAlignment(bytes.size(), sizeof(uint8_t), kAlignment);
    data[i] = builder.CreateVector(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  std::vector<flatbuffers::Offset<schema::Buffer>> records;
  for (const auto& each : data) records.push_back(schema::CreateBuffer(builder, each));
  return builder.CreateVector(records);
}

}  // namespace pare::tflite
