// A dense row-major array in memory. Copies share their bytes; writing to shared bytes copies them first.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/dtype.h"
#include "base/shape.h"

namespace pare {

// Bytes aligned for vector loads. Freshly allocated ones are zero, so that no denormals lurk in unused parts.
class AlignedBytes {
 public:
  static constexpr size_t kAlignment = 64;

  AlignedBytes() = default;
  explicit AlignedBytes(size_t size);

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  std::unique_ptr<std::byte[], Free> bytes_;
  size_t size_ = 0;
};

class Tensor {
 public:
  Tensor() : Tensor(DType::Float32, Shape{0}) {}
  // All elements zero. The shape must be static.
  Tensor(DType dtype, Shape shape);
  // A copy of `bytes`, whose size must be the one that type and shape ask for.
  Tensor(DType dtype, Shape shape, std::span<const std::byte> bytes);

  template <class T>
  static Tensor of(Shape shape, const std::vector<T>& values) {
    Tensor tensor(dtype_of<T>, std::move(shape));
    auto out = tensor.mutable_values<T>();
    PARE_CHECK(values.size() == out.size(), "{} values for shape {}", values.size(), tensor.shape().to_string());
    for (size_t i = 0; i < out.size(); ++i) out[i] = values[i];
    return tensor;
  }
  template <class T>
  static Tensor scalar(T value) {
    return of<T>(Shape{}, {value});
  }
  template <class T>
  static Tensor vector(const std::vector<T>& values) {
    return of<T>(Shape{static_cast<int64_t>(values.size())}, values);
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t elements() const { return shape_.elements(); }

  std::span<const std::byte> bytes() const { return {storage_->data(), storage_->size()}; }
  std::span<std::byte> mutable_bytes();

  template <class T>
  std::span<const T> values() const {
    PARE_CHECK(dtype_of<T> == dtype_, "tensor holds {}", to_string(dtype_));
    return {reinterpret_cast<const T*>(storage_->data()), static_cast<size_t>(elements())};
  }
  template <class T>
  std::span<T> mutable_values() {
    PARE_CHECK(dtype_of<T> == dtype_, "tensor holds {}", to_string(dtype_));
    return {reinterpret_cast<T*>(mutable_bytes().data()), static_cast<size_t>(elements())};
  }

  // The same bytes under another shape of as many elements.
  Tensor reshaped(Shape shape) const;

  // Two tensors are one object when they share their bytes (weights used twice).
  bool shares_bytes_with(const Tensor& other) const { return storage_ == other.storage_; }
  const void* identity() const { return storage_.get(); }

  // Equal type, shape and bytes.
  bool operator==(const Tensor& other) const;

 private:
  DType dtype_;
  Shape shape_;
  std::shared_ptr<AlignedBytes> storage_;
};

// Any numeric tensor as int64 (axes, shapes, paddings) or float; int4 is unpacked. Floats are truncated by to_int64.
std::vector<int64_t> to_int64(const Tensor& tensor);
std::vector<float> to_floats(const Tensor& tensor);

// Signed four-bit codes, packed two in a byte, first in the low half.
std::vector<int8_t> unpack_int4(std::span<const std::byte> packed, int64_t count);
std::vector<std::byte> pack_int4(std::span<const int8_t> codes);

}  // namespace pare
