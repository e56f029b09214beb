#include "base/tensor.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>

#include "base/memory.h"

namespace pare {

AlignedBytes::AlignedBytes(size_t size) : size_(size) {
  if (size > physical_memory()) throw std::bad_alloc();
  const size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment + kAlignment;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded));
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, rounded);
  bytes_.reset(memory);
}

void AlignedBytes::Free::operator()(std::byte* bytes) const { std::free(bytes); }

Tensor::Tensor(DType dtype, Shape shape)
    : dtype_(dtype),
      shape_(std::move(shape)),
      storage_(std::make_shared<AlignedBytes>(storage_bytes(dtype, shape_.elements()))) {}

Tensor::Tensor(DType dtype, Shape shape, std::span<const std::byte> bytes) : Tensor(dtype, std::move(shape)) {
  PARE_CHECK(dtype != DType::String && bytes.size() == storage_->size(), "{} bytes for {} of {}", bytes.size(),
             shape_.to_string(), to_string(dtype));
  if (!bytes.empty()) std::memcpy(storage_->data(), bytes.data(), bytes.size());
}

std::span<std::byte> Tensor::mutable_bytes() {
  if (storage_.use_count() > 1) {
    auto copy = std::make_shared<AlignedBytes>(storage_->size());
    std::memcpy(copy->data(), storage_->data(), storage_->size());
    storage_ = std::move(copy);
  }
  return {storage_->data(), storage_->size()};
}

Tensor Tensor::reshaped(Shape shape) const {
  PARE_CHECK(shape.elements() == elements(), "{} as {}", shape_.to_string(), shape.to_string());
  Tensor copy = *this;
  copy.shape_ = std::move(shape);
  return copy;
}

bool Tensor::operator==(const Tensor& other) const {
  if (dtype_ != other.dtype_ || shape_ != other.shape_) return false;
  return shares_bytes_with(other) || std::memcmp(storage_->data(), other.storage_->data(), storage_->size()) == 0;
}

namespace {

// The language leaves open what a float beyond an integer's range becomes.
template <class Out, class In>
Out element_as(In value) {
  if constexpr (std::is_integral_v<Out> && std::is_floating_point_v<In>) {
    constexpr auto kEnd = static_cast<In>(int64_t{1} << 62) * 2;  // 2^63, which int64_t just does not reach
    if (std::isnan(value)) return 0;
    if (value >= kEnd) return std::numeric_limits<Out>::max();
    if (value < -kEnd) return std::numeric_limits<Out>::min();
  }
  return static_cast<Out>(value);
}

template <class Out, class In>
std::vector<Out> widen(const Tensor& tensor) {
  std::vector<Out> out;
  const auto values = tensor.values<In>();
  out.reserve(values.size());
  for (const In value : values) {
    if constexpr (std::is_same_v<In, Half>)
      out.push_back(element_as<Out>(to_float(value)));
    else
      out.push_back(element_as<Out>(value));
  }
  return out;
}

template <class Out>
std::vector<Out> convert(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::Float32: return widen<Out, float>(tensor);
    case DType::Float64: return widen<Out, double>(tensor);
    case DType::Float16: return widen<Out, Half>(tensor);
    case DType::Int8: return widen<Out, int8_t>(tensor);
    case DType::UInt8: return widen<Out, uint8_t>(tensor);
    case DType::Int16: return widen<Out, int16_t>(tensor);
    case DType::UInt16: return widen<Out, uint16_t>(tensor);
    case DType::Int32: return widen<Out, int32_t>(tensor);
    case DType::UInt32: return widen<Out, uint32_t>(tensor);
    case DType::Int64: return widen<Out, int64_t>(tensor);
    case DType::UInt64: return widen<Out, uint64_t>(tensor);
    case DType::Bool: return widen<Out, bool>(tensor);
    case DType::Int4: {
      const std::vector<int8_t> codes = unpack_int4(tensor.bytes(), tensor.elements());
      return {codes.begin(), codes.end()};
    }
    case DType::BFloat16: {
      std::vector<Out> out(static_cast<size_t>(tensor.elements()));
      const auto* bits = reinterpret_cast<const uint16_t*>(tensor.bytes().data());
      for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<Out>(bfloat16_to_float(bits[i]));
      return out;
    }
    case DType::String: break;
  }
  PARE_CHECK(false, "a {} tensor has no numbers", to_string(tensor.dtype()));
}

}  // namespace

std::vector<int64_t> to_int64(const Tensor& tensor) { return convert<int64_t>(tensor); }
std::vector<float> to_floats(const Tensor& tensor) { return convert<float>(tensor); }

std::vector<int8_t> unpack_int4(std::span<const std::byte> packed, int64_t count) {
  std::vector<int8_t> codes(static_cast<size_t>(count));
  for (size_t i = 0; i < codes.size(); ++i) {
    const auto pair = static_cast<uint8_t>(packed[i / 2]);
    const auto nibble = static_cast<uint8_t>(i % 2 == 0 ? pair << 4 : pair & 0xF0);
    codes[i] = static_cast<int8_t>(static_cast<int8_t>(nibble) >> 4);
  }
  return codes;
}

std::vector<std::byte> pack_int4(std::span<const int8_t> codes) {
  std::vector<std::byte> packed((codes.size() + 1) / 2);
  for (size_t i = 0; i < codes.size(); ++i)
    packed[i / 2] |= static_cast<std::byte>((codes[i] & 0xF) << (i % 2 == 0 ? 0 : 4));
  return packed;
}

}  // namespace pare
