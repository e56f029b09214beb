// The type of a value: element type, shape and, for quantised values, what the stored integers mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/error.h"
#include "base/shape.h"

namespace pare {

// Affine quantisation: real = scale * (stored - zero_point). The storage type is the dtype of the TensorType that holds it.
struct Quantization {
  std::vector<float> scales;         // one, or one for each slice along `axis`, or (block-wise) one a block, row-major
  std::vector<int64_t> zero_points;  // as many as scales
  int axis = 0;                      // dimension that the scales run along; meaningful where there are several
  int64_t block = 0;  // block-wise: this many consecutive elements of the last dimension share a scale; 0: no

  static Quantization per_tensor(float scale, int64_t zero_point = 0) { return {{scale}, {zero_point}, 0, 0}; }
  // Symmetric (zero points 0), one scale for each slice along `axis`.
  static Quantization per_axis(std::vector<float> scales, int axis);

  bool is_per_tensor() const { return scales.size() == 1 && block == 0; }
  float scale() const { return scales.front(); }  // of a per-tensor quantisation
  int64_t zero_point() const { return zero_points.front(); }
  bool operator==(const Quantization&) const = default;
};

struct TensorType {
  DType dtype = DType::Float32;
  Shape shape;
  std::optional<Quantization> quantization;

  bool is_quantized() const { return quantization.has_value(); }
  bool operator==(const TensorType&) const = default;
};

// Checks that the quantisation fits dtype and shape: integer storage, positive finite scales, as many zero points as scales,
// zero points inside the storage range, axis inside the rank, one scale for each slice.
Expected<void> verify(const TensorType& type);

std::string to_string(const TensorType& type);  // "i8[1, 10] quant(0.00390625, -128)"

}  // namespace pare
