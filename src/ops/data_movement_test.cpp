// Operators that copy elements, against references that say for each element of the result where it comes from.
#include <numeric>

#include "ops/gather.h"
#include "ops/join_split.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/shape_ops.h"
#include "ops/slice.h"
#include "ops/space_depth.h"
#include "testing/naive_indexing.h"
#include "testing/operators.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::numbered;
using testing::random_shape;
using testing::result_of;
using testing::results_of;
using Sizes = std::vector<int32_t>;

Tensor sizes(const Sizes& values) { return Tensor::vector(values); }

// The result whose element at each place is src[from(place)]; zero where from() gives no place.
Tensor moved(const Tensor& src, const Shape& dst, const std::function<std::optional<Index>(const Index&)>& from) {
  return tensor_of<int32_t>(dst, [&](const Index& at) {
    const std::optional<Index> place = from(at);
    return place ? src.values<int32_t>()[offset_of(src.shape(), *place)] : 0;
  });
}

// Tensors of 1 to 4 dimensions, each with the random numbers that made it.
struct Trial {
  explicit Trial(uint64_t trial_seed)
      : seed(trial_seed), random(trial_seed), src(numbered(random_shape(random, 1 + random.below(4)))) {}
  uint64_t seed;
  Random random;
  Tensor src;
};
std::vector<Trial> trials() {
  std::vector<Trial> all;
  for (uint64_t seed = 1; seed <= 25; ++seed) all.emplace_back(seed);
  return all;
}

TEST(DataMovement, Transpose) {
  for (auto& [seed, random, src] : trials()) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Sizes order(static_cast<size_t>(src.shape().rank()));
    std::iota(order.begin(), order.end(), 0);
    random.shuffle(order);
    Shape dst;
    for (const int32_t axis : order) dst.push_back(src.shape()[axis]);
    const Tensor expected = moved(src, dst, [&](const Index& at) {
      Index from(at.size());
      for (size_t d = 0; d < at.size(); ++d) from[static_cast<size_t>(order[d])] = at[d];
      return from;
    });
    EXPECT_EQ(result_of("transpose", {src, sizes(order)}), expected);
  }
}

TEST(DataMovement, TileReverseAndSlice) {
  for (auto& [seed, random, src] : trials()) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const Shape& shape = src.shape();
    Sizes multiples, axes, begin, size;
    Shape tiled, sliced;
    for (int d = 0; d < shape.rank(); ++d) {
      multiples.push_back(static_cast<int32_t>(1 + random.below(3)));
      tiled.push_back(shape[d] * multiples.back());
      if (random.below(2) == 0) axes.push_back(random.below(2) == 0 ? d : d - shape.rank());
      begin.push_back(static_cast<int32_t>(random.below(shape[d])));
      const int64_t left = shape[d] - begin.back(), taken = 1 + random.below(left);
      size.push_back(static_cast<int32_t>(taken == left ? -1 : taken));
      sliced.push_back(taken);
    }
    EXPECT_EQ(result_of("tile", {src, sizes(multiples)}), moved(src, tiled, [&](Index at) {
                for (size_t d = 0; d < at.size(); ++d) at[d] %= shape.dims()[d];
                return at;
              }));
    EXPECT_EQ(result_of("reverse_v2", {src, sizes(axes)}), moved(src, shape, [&](Index at) {
                for (const int32_t axis : axes) {
                  const auto d = static_cast<size_t>(axis < 0 ? axis + shape.rank() : axis);
                  at[d] = shape.dims()[d] - 1 - at[d];
                }
                return at;
              }));
    EXPECT_EQ(result_of("slice", {src, sizes(begin), sizes(size)}), moved(src, sliced, [&](Index at) {
                for (size_t d = 0; d < at.size(); ++d) at[d] += begin[d];
                return at;
              }));
  }
}

TEST(DataMovement, StridedSliceTakesEveryStep) {
  for (auto& [seed, random, src] : trials()) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const Shape& shape = src.shape();
    Sizes begin, end, strides;
    Shape dst;
    for (int d = 0; d < shape.rank(); ++d) {
      const auto extent = static_cast<int32_t>(shape[d]);
      strides.push_back(static_cast<int32_t>(random.below(2) == 0 ? 1 + random.below(3) : -1 - random.below(3)));
      begin.push_back(static_cast<int32_t>(random.below(extent)));
      end.push_back(strides.back() > 0 ? begin.back() + 1 + static_cast<int32_t>(random.below(extent - begin.back()))
                                       : begin.back() - 1 - static_cast<int32_t>(random.below(begin.back() + 1)));
      if (end.back() < 0) end.back() -= extent;  // in front of the first element
      int64_t count = 0;
      const int64_t stop = end.back() < 0 ? -1 : end.back();
      for (int64_t i = begin.back(); strides.back() > 0 ? i < stop : i > stop; i += strides.back()) ++count;
      dst.push_back(count);
      if (random.below(2) == 0) begin.back() -= extent;  // the same place, counted from the end
    }
    const Tensor expected = moved(src, dst, [&](Index at) {
      for (size_t d = 0; d < at.size(); ++d)
        at[d] = (begin[d] < 0 ? begin[d] + shape.dims()[d] : begin[d]) + at[d] * strides[d];
      return at;
    });
    EXPECT_EQ(result_of("strided_slice", {src, sizes(begin), sizes(end), sizes(strides)}), expected);
  }
}

TEST(DataMovement, StridedSliceMasks) {
  const Tensor src = numbered({2, 3, 4});
  const auto slice = [&](StridedSliceAttributes masks, const Sizes& begin, const Sizes& end, const Sizes& strides) {
    return result_of("strided_slice", {src, sizes(begin), sizes(end), sizes(strides)}, masks);
  };
  EXPECT_EQ(slice({.begin_mask = 1, .end_mask = 1, .shrink_axis_mask = 2}, {9, 1}, {9, 9}, {1, 1}),
            Tensor::of<int32_t>({2, 4}, {5, 6, 7, 8, 17, 18, 19, 20}));
  EXPECT_EQ(slice({.ellipsis_mask = 1, .shrink_axis_mask = 2}, {0, -1}, {0, 0}, {1, 1}),
            Tensor::of<int32_t>({2, 3}, {4, 8, 12, 16, 20, 24}));
  EXPECT_EQ(slice({.new_axis_mask = 1, .shrink_axis_mask = 6}, {0, 1, 2}, {0, 2, 3}, {1, 1, 1}),
            Tensor::of<int32_t>({1, 4}, {21, 22, 23, 24}));
  EXPECT_EQ(slice({.begin_mask = 4, .end_mask = 4, .shrink_axis_mask = 3}, {0, 0, 0}, {1, 1, 0}, {1, 1, -2}),
            Tensor::vector<int32_t>({4, 2}));
  EXPECT_EQ(slice({.shrink_axis_mask = 3, .offset = true}, {1, 1, 1}, {1, 1, 2}, {1, 1, 1}),
            Tensor::vector<int32_t>({18, 19}));
}

TEST(DataMovement, DynamicUpdateSliceStaysInside) {
  const Tensor src(DType::Int32, {3, 3}), update = Tensor::of<int32_t>({2, 1}, {7, 8});
  EXPECT_EQ(result_of("dynamic_update_slice", {src, update, sizes({0, 1})}),
            Tensor::of<int32_t>({3, 3}, {0, 7, 0, 0, 8, 0, 0, 0, 0}));
  EXPECT_EQ(result_of("dynamic_update_slice", {src, update, sizes({9, -4})}),
            Tensor::of<int32_t>({3, 3}, {0, 0, 0, 7, 0, 0, 8, 0, 0}));
}

TEST(DataMovement, Padding) {
  for (auto& [seed, random, src] : trials()) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const Shape& shape = src.shape();
    Sizes before, pairs;
    Shape dst;
    for (int d = 0; d < shape.rank(); ++d) {
      pairs.push_back(static_cast<int32_t>(random.below(shape[d])));
      before.push_back(pairs.back());
      pairs.push_back(static_cast<int32_t>(random.below(shape[d])));
      dst.push_back(shape[d] + pairs[pairs.size() - 2] + pairs.back());
    }
    const Tensor paddings = sizes(pairs).reshaped({shape.rank(), 2});
    const Tensor zeros = moved(src, dst, [&](Index at) -> std::optional<Index> {
      for (size_t d = 0; d < at.size(); ++d)
        if (at[d] -= before[d]; at[d] < 0 || at[d] >= shape.dims()[d]) return std::nullopt;
      return at;
    });
    EXPECT_EQ(result_of("pad", {src, paddings}), zeros);
    EXPECT_EQ(result_of("padv2", {src, paddings, Tensor::scalar<int32_t>(0)}), zeros);
    for (const MirrorPadMode mode : {MirrorPadMode::Reflect, MirrorPadMode::Symmetric}) {
      const int64_t repeated = mode == MirrorPadMode::Symmetric ? 1 : 0;
      const Tensor expected = moved(src, dst, [&](Index at) {
        for (size_t d = 0; d < at.size(); ++d) {
          at[d] -= before[d];
          if (at[d] < 0)
            at[d] = -at[d] - repeated;
          else if (at[d] >= shape.dims()[d])
            at[d] = 2 * (shape.dims()[d] - 1) + repeated - at[d];
        }
        return at;
      });
      EXPECT_EQ(result_of("mirror_pad", {src, paddings}, MirrorPadAttributes{mode}), expected) << to_string(mode);
    }
  }
}

TEST(DataMovement, JoiningUndoesSplitting) {
  for (auto& [seed, random, src] : trials()) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const int axis = static_cast<int>(random.below(src.shape().rank()));
    const int64_t extent = src.shape()[axis], first = random.below(extent + 1);
    const Tensor where = Tensor::scalar<int32_t>(axis - src.shape().rank());
    const auto parts =
        results_of("split_v", {src, sizes({static_cast<int32_t>(first), -1}), where}, SplitAttributes{2}, 2);
    EXPECT_EQ(parts[0].shape()[axis], first);
    EXPECT_EQ(result_of("concatenation", {parts[0], parts[1]}, ConcatenationAttributes{.axis = axis}), src);
    const auto equal = results_of("split", {where, src}, SplitAttributes{extent}, static_cast<size_t>(extent));
    EXPECT_EQ(result_of("concatenation", {equal.begin(), equal.end()}, ConcatenationAttributes{.axis = axis}), src);
    const auto slices =
        results_of("unpack", {src}, UnpackAttributes{.num = extent, .axis = axis}, static_cast<size_t>(extent));
    EXPECT_EQ(result_of("pack", {slices.begin(), slices.end()}, PackAttributes{.values_count = extent, .axis = axis}),
              src);
  }
  EXPECT_EQ(results_of("unpack", {numbered({2, 2})}, UnpackAttributes{.num = 2, .axis = 1}, 2)[1],
            Tensor::vector<int32_t>({2, 4}));
}

TEST(DataMovement, BlocksOfPixels) {
  const Tensor src = numbered({2, 4, 6, 3});
  const Tensor depth = result_of("space_to_depth", {src}, BlockAttributes{2});
  EXPECT_EQ(depth, moved(src, {2, 2, 3, 12}, [](const Index& at) {
              return Index{at[0], at[1] * 2 + at[3] / 6, at[2] * 2 + at[3] / 3 % 2, at[3] % 3};
            }));
  EXPECT_EQ(result_of("depth_to_space", {depth}, BlockAttributes{2}), src);

  const Tensor block = sizes({2, 3}), paddings = Tensor::of<int32_t>({2, 2}, {1, 1, 2, 1}), crops = paddings;
  const Tensor batch = result_of("space_to_batch_nd", {src, block, paddings});
  const auto from = [](const Index& at) -> std::optional<Index> {
    const int64_t position = at[0] / 2, y = at[1] * 2 + position / 3 - 1, x = at[2] * 3 + position % 3 - 2;
    if (y < 0 || y >= 4 || x < 0 || x >= 6) return std::nullopt;
    return Index{at[0] % 2, y, x, at[3]};
  };
  EXPECT_EQ(batch, moved(src, {12, 3, 3, 3}, from));
  EXPECT_EQ(result_of("batch_to_space_nd", {batch, block, crops}), src);
}

TEST(DataMovement, Gathering) {
  const Tensor src = numbered({2, 3, 2});
  const Tensor indices = Tensor::of<int64_t>({2, 2}, {2, 0, 1, 5});
  const auto from = [&](const Index& at) -> std::optional<Index> {
    const int64_t index = indices.values<int64_t>()[static_cast<size_t>(at[1] * 2 + at[2])];
    return index < 3 ? std::optional(Index{at[0], index, at[3]}) : std::nullopt;
  };
  EXPECT_EQ(result_of("gather", {src, indices}, GatherAttributes{.axis = 1}), moved(src, {2, 2, 2, 2}, from));
  EXPECT_EQ(result_of("gather", {src, indices}, GatherAttributes{.axis = 1, .batch_dims = 1}),
            Tensor::of<int32_t>({2, 2, 2}, {5, 6, 1, 2, 9, 10, 0, 0}));
  EXPECT_EQ(result_of("gather_nd", {src, Tensor::of<int32_t>({2, 2}, {1, 2, 0, 1})}),
            Tensor::of<int32_t>({2, 2}, {11, 12, 3, 4}));
  EXPECT_EQ(
      result_of("scatter_nd", {Tensor::of<int32_t>({3, 1}, {3, 1, 3}), Tensor::vector<float>({1, 2, 4}), sizes({4})}),
      Tensor::vector<float>({0, 2, 0, 5}));
  EXPECT_EQ(result_of("one_hot", {sizes({1, 9}), Tensor::scalar<int32_t>(3), Tensor::scalar(1.f), Tensor::scalar(0.f)}),
            Tensor::of<float>({2, 3}, {0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(result_of("one_hot", {sizes({1, 0}), Tensor::scalar<int32_t>(2), Tensor::scalar(1.f), Tensor::scalar(0.f)},
                      OneHotAttributes{.axis = 0}),
            Tensor::of<float>({2, 2}, {0, 1, 1, 0}));
}

TEST(DataMovement, Shapes) {
  const Tensor src = numbered({2, 1, 6});
  EXPECT_EQ(result_of("reshape", {src, sizes({-1, 4})}), src.reshaped({3, 4}));
  EXPECT_EQ(result_of("reshape", {src, std::nullopt}, ReshapeAttributes{{4, 3}}), src.reshaped({4, 3}));
  EXPECT_EQ(result_of("squeeze", {src}), src.reshaped({2, 6}));
  EXPECT_EQ(result_of("expand_dims", {src, Tensor::scalar<int32_t>(-1)}), src.reshaped({2, 1, 6, 1}));
  EXPECT_EQ(result_of("broadcast_to", {Tensor::of<int32_t>({2, 1}, {1, 2}), sizes({2, 2, 3})}),
            Tensor::of<int32_t>({2, 2, 3}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  EXPECT_EQ(result_of("shape", {src}, ShapeAttributes{DType::Int64}), Tensor::vector<int64_t>({2, 1, 6}));
  EXPECT_EQ(result_of("rank", {src}), Tensor::scalar<int32_t>(3));
  EXPECT_EQ(result_of("fill", {sizes({2, 2}), Tensor::scalar<float>(3)}), Tensor::of<float>({2, 2}, {3, 3, 3, 3}));
  EXPECT_EQ(result_of("zeros_like", {src}), Tensor(DType::Int32, {2, 1, 6}));
  EXPECT_EQ(result_of("range", {Tensor::scalar<int32_t>(5), Tensor::scalar<int32_t>(0), Tensor::scalar<int32_t>(-2)}),
            sizes({5, 3, 1}));
  EXPECT_EQ(result_of("range", {Tensor::scalar(0.f), Tensor::scalar(1.f), Tensor::scalar(0.4f)}).shape(), Shape{3});
  EXPECT_EQ(result_of("where", {Tensor::of<bool>({2, 2}, {false, true, true, false})}),
            Tensor::of<int64_t>({2, 2}, {0, 1, 1, 0}));
}

TEST(DataMovement, Casts) {
  const Tensor src = Tensor::vector<float>({-1.7f, 0, 2.9f, 1e30f});
  EXPECT_EQ(result_of("cast", {src}, CastAttributes{DType::Int32}), sizes({-1, 0, 2, 2147483647}));
  EXPECT_EQ(result_of("cast", {src}, CastAttributes{DType::Bool}), Tensor::vector<bool>({true, false, true, true}));
  EXPECT_EQ(result_of("cast", {sizes({-1, 300})}, CastAttributes{DType::UInt8}), Tensor::vector<uint8_t>({255, 44}));
}

TEST(DataMovement, Resizing) {
  const Tensor src = Tensor::of<float>({1, 2, 2, 1}, {0, 4, 8, 12});
  EXPECT_EQ(result_of("resize_nearest_neighbor", {src, sizes({1, 4})}), Tensor::of<float>({1, 1, 4, 1}, {0, 0, 4, 4}));
  EXPECT_EQ(result_of("resize_bilinear", {src, sizes({2, 4})}),
            Tensor::of<float>({1, 2, 4, 1}, {0, 2, 4, 4, 8, 10, 12, 12}));
  EXPECT_EQ(result_of("resize_bilinear", {src, sizes({3, 3})}, ResizeAttributes{.align_corners = true}),
            Tensor::of<float>({1, 3, 3, 1}, {0, 2, 4, 4, 6, 8, 8, 10, 12}));
  EXPECT_EQ(result_of("resize_bilinear", {src, sizes({2, 4})}, ResizeAttributes{.half_pixel_centers = true}),
            Tensor::of<float>({1, 2, 4, 1}, {0, 1, 3, 4, 8, 9, 11, 12}));
}

TEST(DataMovement, AnyWidthOfElement) {
  for (const DType dtype : {DType::Bool, DType::Int8, DType::Int16, DType::Float16, DType::Float32, DType::Int64}) {
    Tensor src(dtype, {2, 3});
    for (size_t i = 0; i < src.bytes().size(); ++i) src.mutable_bytes()[i] = static_cast<std::byte>(i % 2);
    const Tensor once = result_of("transpose", {src, sizes({1, 0})});
    EXPECT_EQ(once.shape(), (Shape{3, 2}));
    EXPECT_EQ(result_of("transpose", {once, sizes({1, 0})}), src) << to_string(dtype);
  }
}

TEST(DataMovement, TheBatchMayBeUnknown) {
  Graph graph;
  Value* src = graph.add_input("src", {DType::Float32, Shape{kDynamic, 4, 4, 2}, {}});
  const auto shape_of = [&](std::string_view op, std::vector<Value*> operands, Attributes attributes) {
    const auto node = graph.append(*find_op(op), std::move(attributes), std::move(operands), {"dst"});
    EXPECT_TRUE(node) << (node ? "" : node.error().to_string());
    return (*node)->result()->type.shape;
  };
  EXPECT_EQ(shape_of("reshape", {src, graph.add_constant("shape", sizes({-1, 32}))}, ReshapeAttributes{}),
            (Shape{kDynamic, 32}));
  EXPECT_EQ(shape_of("squeeze", {src}, SqueezeAttributes{}), (Shape{kDynamic, 4, 4, 2}));
  EXPECT_EQ(shape_of("concatenation", {src, src}, ConcatenationAttributes{.axis = 3}), (Shape{kDynamic, 4, 4, 4}));
  EXPECT_EQ(
      shape_of("space_to_batch_nd",
               {src, graph.add_constant("b", sizes({2, 2})), graph.add_constant("p", Tensor(DType::Int32, {2, 2}))},
               NoAttributes{}),
      (Shape{kDynamic, 2, 2, 2}));
  EXPECT_EQ(shape_of("shape", {src}, ShapeAttributes{}), (Shape{4}));
  EXPECT_EQ(shape_of("strided_slice",
                     {src, graph.add_constant("b", sizes({0, 1})), graph.add_constant("e", sizes({0, 3})),
                      graph.add_constant("s", sizes({1, 1}))},
                     StridedSliceAttributes{.begin_mask = 1, .end_mask = 1}),
            (Shape{kDynamic, 2, 4, 2}));
}

}  // namespace
}  // namespace pare
