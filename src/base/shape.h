// Shapes: a list of extents, of which any may be unknown until run time (the symbolic batch, usually the first).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"

namespace pare {

inline constexpr int64_t kDynamic = -1;

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<int64_t> dims) : dims_(std::move(dims)) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  bool empty() const { return dims_.empty(); }

  // Negative positions count from the back: shape[-1] is the innermost extent.
  int64_t operator[](int position) const { return dims_[index(position)]; }
  int64_t& operator[](int position) { return dims_[index(position)]; }

  const std::vector<int64_t>& dims() const { return dims_; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }
  void push_back(int64_t extent) { dims_.push_back(extent); }

  bool is_static() const;
  // Number of elements of a static shape (1 for a scalar).
  int64_t elements() const;
  // The same for a shape from an untrusted file: nothing if an extent is negative or the product exceeds 2^48.
  std::optional<int64_t> checked_elements() const;
  // Product of the extents in [from, to).
  int64_t elements(int from, int to) const;

  // Equal where both are known; ranks must agree.
  bool compatible_with(const Shape& other) const;
  bool operator==(const Shape&) const = default;

  std::string to_string() const;  // "[?, 28, 28, 1]"

 private:
  size_t index(int position) const {
    const int at = position < 0 ? position + rank() : position;
    PARE_CHECK(at >= 0 && at < rank(), "dimension {} of a shape of rank {}", position, rank());
    return static_cast<size_t>(at);
  }

  std::vector<int64_t> dims_;
};

// Elements to step for one step along each dimension, innermost last, of a dense row-major tensor.
std::vector<int64_t> row_major_strides(const Shape& shape);

// The shape that NumPy broadcasting gives, or nothing where extents clash.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

}  // namespace pare
