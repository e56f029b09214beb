// Gradient rules of operators that move elements: what went to one place comes back from there.
#include <numeric>

#include "ops/checks.h"
#include "ops/gather.h"
#include "ops/gradient.h"
#include "ops/join_split.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/space_depth.h"

namespace pare {
namespace {

std::vector<int64_t> constant(const GradientBuilder& build, size_t operand) {
  return index_values(*build.operand(operand)->data);
}

int normalized(int64_t axis, int rank) { return static_cast<int>(axis < 0 ? axis + rank : axis); }

// The elements from `begin` on, `shape` of them.
Value* sliced(GradientBuilder& build, Value* value, const std::vector<int64_t>& begin, const Shape& shape) {
  return build.op("slice", {value, build.indices(begin), build.indices(shape.dims())});
}

// Zeros of `shape` with the value in them from `begin` on.
Value* padded(GradientBuilder& build, Value* value, const std::vector<int64_t>& begin, const Shape& shape) {
  if (value == nullptr) return nullptr;
  std::vector<int64_t> paddings;
  for (int i = 0; i < shape.rank(); ++i) {
    const int64_t before = begin[static_cast<size_t>(i)];
    paddings.insert(paddings.end(), {before, shape[i] - before - value->type.shape[i]});
  }
  return build.op("pad", {value, build.indices(paddings, {shape.rank(), 2})});
}

// The elements from `begin` on in one dimension, `count` of them.
Value* part_of(GradientBuilder& build, Value* value, int dimension, int64_t begin, int64_t count) {
  if (value == nullptr) return nullptr;
  Shape shape = value->type.shape;
  std::vector<int64_t> from(static_cast<size_t>(shape.rank()), 0);
  from[static_cast<size_t>(dimension)] = begin;
  shape[dimension] = count;
  return sliced(build, value, from, shape);
}

// The gradients of all results; a result that the loss does not depend on has zeros.
std::vector<Value*> parts(GradientBuilder& build) {
  std::vector<Value*> all;
  for (size_t i = 0; i < build.node().results.size(); ++i) {
    Value* part = build.gradient(i);
    all.push_back(part != nullptr ? part : build.op("zeros_like", {build.result(i)}));
  }
  return all;
}

void join(GradientBuilder& build, size_t source, int axis) {
  build.give(source, build.op("concatenation", parts(build), ConcatenationAttributes{.axis = axis}));
}

// Indices into the dimension `axis` of the operand, a scattered sum.
void scatter(GradientBuilder& build, size_t source, Value* indices, const std::vector<int64_t>& index_dims) {
  std::vector<int64_t> dims = index_dims;
  dims.push_back(1);
  build.give(source, build.op("scatter_nd", {build.reshaped(indices, Shape(std::move(dims))), build.gradient(),
                                             build.indices(build.shape(source).dims())}));
}

}  // namespace

void gradient_reshape(GradientBuilder& build) { build.give(0, build.reshaped(build.gradient(), build.shape(0))); }
void gradient_squeeze(GradientBuilder& build) { gradient_reshape(build); }
void gradient_expand_dims(GradientBuilder& build) { gradient_reshape(build); }
void gradient_broadcast_to(GradientBuilder& build) { build.give(0, build.gradient()); }

void gradient_transpose(GradientBuilder& build) {
  const std::vector<int64_t> permutation = constant(build, 1);
  std::vector<int64_t> inverse(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i)
    inverse[static_cast<size_t>(normalized(permutation[i], build.shape(0).rank()))] = static_cast<int64_t>(i);
  build.give(0, build.op("transpose", {build.gradient(), build.indices(inverse)}));
}

void gradient_tile(GradientBuilder& build) {
  const std::vector<int64_t> multiples = constant(build, 1);
  std::vector<int64_t> dims, axes;
  for (int i = 0; i < build.shape(0).rank(); ++i) {
    axes.push_back(static_cast<int64_t>(dims.size()));
    dims.insert(dims.end(), {multiples[static_cast<size_t>(i)], build.shape(0)[i]});
  }
  build.give(0, build.op("sum", {build.reshaped(build.gradient(), Shape(dims)), build.indices(axes)}));
}

void gradient_concatenation(GradientBuilder& build) {
  const int rank = build.result()->type.shape.rank();
  const int axis = normalized(build.node().attrs<ConcatenationAttributes>().axis, rank);
  std::vector<int64_t> begin(static_cast<size_t>(rank), 0);
  for (size_t i = 0; i < build.node().operands.size(); ++i) {
    if (build.wants(i)) build.give(i, sliced(build, build.gradient(), begin, build.shape(i)));
    begin[static_cast<size_t>(axis)] += build.shape(i)[axis];
  }
}

void gradient_pack(GradientBuilder& build) {
  const Shape& dst = build.result()->type.shape;
  const int axis = normalized(build.node().attrs<PackAttributes>().axis, dst.rank());
  std::vector<int64_t> begin(static_cast<size_t>(dst.rank()), 0);
  Shape one = dst;
  one[axis] = 1;
  for (size_t i = 0; i < build.node().operands.size(); ++i) {
    begin[static_cast<size_t>(axis)] = static_cast<int64_t>(i);
    if (build.wants(i)) build.give(i, build.reshaped(sliced(build, build.gradient(), begin, one), build.shape(i)));
  }
}

void gradient_unpack(GradientBuilder& build) {
  const int axis = normalized(build.node().attrs<UnpackAttributes>().axis, build.shape(0).rank());
  const auto count = static_cast<int64_t>(build.node().results.size());
  build.give(0, build.op("pack", parts(build), PackAttributes{.values_count = count, .axis = axis}));
}

void gradient_split(GradientBuilder& build) {
  join(build, 1, normalized(constant(build, 0)[0], build.shape(1).rank()));
}

void gradient_split_v(GradientBuilder& build) {
  join(build, 0, normalized(constant(build, 2)[0], build.shape(0).rank()));
}

void gradient_slice(GradientBuilder& build) {
  if (!build.operand(1)->is_constant()) return build.refuse("its position is computed at run time");
  build.give(0, padded(build, build.gradient(), constant(build, 1), build.shape(0)));
}

void gradient_strided_slice(GradientBuilder& build) {
  const auto box = resolve_strided_slice(build.node().attrs<StridedSliceAttributes>(), build.shape(0),
                                         constant(build, 1), constant(build, 2), constant(build, 3));
  if (!box) return build.refuse(box.error().message);
  if (std::any_of(box->stride.begin(), box->stride.end(), [](int64_t stride) { return stride != 1; }))
    return build.refuse("it skips elements; only strides of 1 are trained through");
  build.give(0, padded(build, build.reshaped(build.gradient(), Shape(box->extent)), box->begin, build.shape(0)));
}

void gradient_pad(GradientBuilder& build) {
  if (!build.operand(1)->is_constant()) return build.refuse("its paddings are computed at run time");
  const std::vector<int64_t> paddings = constant(build, 1);
  std::vector<int64_t> begin;
  for (size_t i = 0; i < paddings.size(); i += 2) begin.push_back(paddings[i]);
  build.give(0, sliced(build, build.gradient(), begin, build.shape(0)));
}

void gradient_padv2(GradientBuilder& build) { gradient_pad(build); }

// One dimension after the other: what was mirrored into the paddings is added where it was taken from.
void gradient_mirror_pad(GradientBuilder& build) {
  if (!build.operand(1)->is_constant()) return build.refuse("its paddings are computed at run time");
  const std::vector<int64_t> paddings = constant(build, 1);
  const int64_t skipped = build.node().attrs<MirrorPadAttributes>().mode == MirrorPadMode::Reflect ? 1 : 0;
  Value* gradient = build.gradient();
  for (int d = 0; d < build.shape(0).rank() && !build.failed(); ++d) {
    const int64_t before = paddings[static_cast<size_t>(2 * d)], after = paddings[static_cast<size_t>(2 * d + 1)],
                  extent = build.shape(0)[d];
    Value* whole = gradient;
    gradient = part_of(build, whole, d, before, extent);
    const auto add_mirrored = [&](int64_t from, int64_t count, int64_t to) {
      if (count == 0 || build.failed()) return;
      Value* image = build.op("reverse_v2", {part_of(build, whole, d, from, count), build.indices({d})});
      std::vector<int64_t> begin(static_cast<size_t>(build.shape(0).rank()), 0);
      begin[static_cast<size_t>(d)] = to;
      gradient = build.op("add", {gradient, padded(build, image, begin, gradient->type.shape)});
    };
    add_mirrored(0, before, skipped);
    add_mirrored(before + extent, after, extent - after - skipped);
  }
  build.give(0, gradient);
}

void gradient_reverse_v2(GradientBuilder& build) {
  build.give(0, build.op("reverse_v2", {build.gradient(), build.operand(1)}));
}

void gradient_depth_to_space(GradientBuilder& build) {
  build.give(0, build.op("space_to_depth", {build.gradient()}, build.node().attributes));
}

void gradient_space_to_depth(GradientBuilder& build) {
  build.give(0, build.op("depth_to_space", {build.gradient()}, build.node().attributes));
}

void gradient_space_to_batch_nd(GradientBuilder& build) {
  build.give(0, build.op("batch_to_space_nd", {build.gradient(), build.operand(1), build.operand(2)}));
}

void gradient_batch_to_space_nd(GradientBuilder& build) {
  build.give(0, build.op("space_to_batch_nd", {build.gradient(), build.operand(1), build.operand(2)}));
}

void gradient_gather(GradientBuilder& build) {
  const auto& attributes = build.node().attrs<GatherAttributes>();
  if (normalized(attributes.axis, build.shape(0).rank()) != 0 || attributes.batch_dims != 0)
    return build.refuse("it takes elements along another dimension than the first");
  scatter(build, 0, build.operand(1), build.shape(1).dims());
}

void gradient_embedding_lookup(GradientBuilder& build) { scatter(build, 1, build.operand(0), build.shape(0).dims()); }

void gradient_gather_nd(GradientBuilder& build) {
  build.give(0, build.op("scatter_nd", {build.operand(1), build.gradient(), build.indices(build.shape(0).dims())}));
}

void gradient_cast(GradientBuilder& build) {
  if (build.operand(0)->type.dtype == DType::Float32) build.give(0, build.gradient());
}

}  // namespace pare
