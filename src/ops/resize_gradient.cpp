// Gradient rules of resizing. Each dimension is resized by a matrix, so the gradient is the product with its transpose.
#include "ops/batch_matmul.h"
#include "ops/gradient.h"
#include "ops/resize.h"

namespace pare {
namespace {

// [dst][src]: how much of each pixel of src is in each pixel of dst.
Tensor matrix(const std::vector<Neighbours<float>>& neighbours, int64_t src) {
  Tensor shares(DType::Float32, {static_cast<int64_t>(neighbours.size()), src});
  float* row = shares.mutable_values<float>().data();
  for (const auto& [first, second, distance] : neighbours) {
    row[first] += 1 - distance;
    row[second] += distance;
    row += src;
  }
  return shares;
}

std::vector<Neighbours<float>> neighbours_of(const GradientBuilder& build, int64_t src, int64_t dst) {
  const auto& attributes = build.node().attrs<ResizeAttributes>();
  if (build.node().is("resize_bilinear")) return linear_neighbours(attributes, src, dst);
  std::vector<Neighbours<float>> same;
  for (const int64_t pixel : nearest_pixels(attributes, src, dst)) same.push_back({pixel, pixel, 0});
  return same;
}

// rows: [batch][dst][rest] to [batch][src][rest]
Value* transposed_product(GradientBuilder& build, Tensor shares, Value* rows) {
  return build.op("batch_matmul", {build.constant(std::move(shares)), rows}, BatchMatmulAttributes{.adj_x = true});
}

void resize(GradientBuilder& build) {
  const Shape src = build.shape(0), dst = build.result()->type.shape;
  Value* rows = build.reshaped(build.gradient(), {dst[0], dst[1], dst[2] * dst[3]});
  Value* tall = transposed_product(build, matrix(neighbours_of(build, src[1], dst[1]), src[1]), rows);
  Value* columns = build.reshaped(tall, {dst[0] * src[1], dst[2], dst[3]});
  Value* wide = transposed_product(build, matrix(neighbours_of(build, src[2], dst[2]), src[2]), columns);
  build.give(0, build.reshaped(wide, src));
}

}  // namespace

void gradient_resize_bilinear(GradientBuilder& build) { resize(build); }
void gradient_resize_nearest_neighbor(GradientBuilder& build) { resize(build); }

}  // namespace pare
