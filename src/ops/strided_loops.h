// Loops over several arrays at once that are walked with the same extents and different strides: broadcasting, copies between
// layouts. Neighbouring dimensions that can be walked as one are merged, so that equal shapes become a single row.
#pragma once

#include <array>
#include <cstring>
#include <vector>

#include "base/shape.h"

namespace pare {

template <size_t N>
class StridedLoops {
 public:
  using Offsets = std::array<int64_t, N>;

  // strides[k][d]: elements that array k moves on for one step in dimension d; 0 where it repeats, negative where it runs back.
  StridedLoops(const std::vector<int64_t>& extents, const std::array<std::vector<int64_t>, N>& strides) {
    for (size_t d = 0; d < extents.size(); ++d) {
      empty_ = empty_ || extents[d] == 0;
      if (extents[d] == 1) continue;
      Offsets step;
      for (size_t k = 0; k < N; ++k) step[k] = strides[k][d];
      if (dims_.empty() || !merge(dims_.back(), extents[d], step)) dims_.push_back({extents[d], step});
    }
    if (dims_.empty()) dims_.push_back({1, Offsets{}});
  }

  int64_t row_length() const { return dims_.back().extent; }
  const Offsets& row_strides() const { return dims_.back().step; }

  // Calls row(offsets) at the first element of each row; the rows follow one another in the order of the dimensions.
  template <class Row>
  void run(const Row& row) const {
    if (!empty_) walk(0, Offsets{}, row);
  }

 private:
  struct Dim {
    int64_t extent;
    Offsets step;
  };

  // Makes one dimension of two, where every array goes on from the end of the inner one.
  static bool merge(Dim& outer, int64_t extent, const Offsets& step) {
    for (size_t k = 0; k < N; ++k)
      if (outer.step[k] != step[k] * extent) return false;
    outer = {outer.extent * extent, step};
    return true;
  }

  template <class Row>
  void walk(size_t d, Offsets at, const Row& row) const {
    if (d + 1 == dims_.size()) return row(at);
    for (int64_t i = 0; i < dims_[d].extent; ++i) {
      walk(d + 1, at, row);
      for (size_t k = 0; k < N; ++k) at[k] += dims_[d].step[k];
    }
  }

  std::vector<Dim> dims_;
  bool empty_ = false;
};

// Strides of an operand under a broadcast shape: 0 where it is repeated.
inline std::vector<int64_t> broadcast_strides(const Shape& operand, const Shape& shape) {
  const std::vector<int64_t> dense = row_major_strides(operand);
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()), 0);
  for (int i = 1; i <= operand.rank(); ++i)
    if (operand[-i] != 1)
      strides[strides.size() - static_cast<size_t>(i)] = dense[dense.size() - static_cast<size_t>(i)];
  return strides;
}

// Copies elements of a fixed width from one layout to another. Offsets and strides count elements.
class StridedCopy {
 public:
  StridedCopy(const std::vector<int64_t>& extents, const std::vector<int64_t>& src_strides,
              const std::vector<int64_t>& dst_strides, int64_t src_offset = 0, int64_t dst_offset = 0)
      : loops_(extents, {src_strides, dst_strides}), src_offset_(src_offset), dst_offset_(dst_offset) {}

  // `shift` moves the first element of src or dst further on, for places that are known at run time only.
  void run(const void* src, void* dst, size_t element_bytes, int64_t src_shift = 0, int64_t dst_shift = 0) const {
    const auto* from =
        static_cast<const std::byte*>(src) + (src_offset_ + src_shift) * static_cast<int64_t>(element_bytes);
    auto* to = static_cast<std::byte*>(dst) + (dst_offset_ + dst_shift) * static_cast<int64_t>(element_bytes);
    switch (element_bytes) {
      case 1: return copy<uint8_t>(from, to);
      case 2: return copy<uint16_t>(from, to);
      case 4: return copy<uint32_t>(from, to);
      case 8: return copy<uint64_t>(from, to);
      default: PARE_CHECK(false, "elements of {} bytes", element_bytes);
    }
  }

 private:
  template <class Element>
  void copy(const std::byte* src, std::byte* dst) const {
    const int64_t count = loops_.row_length();
    const auto [src_step, dst_step] = loops_.row_strides();
    loops_.run([=](const std::array<int64_t, 2>& at) {
      const Element* from = reinterpret_cast<const Element*>(src) + at[0];
      Element* to = reinterpret_cast<Element*>(dst) + at[1];
      if (src_step == 1 && dst_step == 1)
        std::memcpy(to, from, static_cast<size_t>(count) * sizeof(Element));
      else
        for (int64_t i = 0; i < count; ++i) to[i * dst_step] = from[i * src_step];
    });
  }

  StridedLoops<2> loops_;
  int64_t src_offset_, dst_offset_;
};

}  // namespace pare
