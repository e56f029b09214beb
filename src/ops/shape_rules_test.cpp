// What the shape rules of data movement refuse, and with which words.
#include <limits>

#include "ops/gather.h"
#include "ops/join_split.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/shape_ops.h"
#include "ops/slice.h"
#include "ops/space_depth.h"
#include "testing/operators.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::inferred_of;

Tensor sizes(const std::vector<int32_t>& values) { return Tensor::vector(values); }
const Tensor kSquare(DType::Float32, {2, 2});
const Tensor kImage(DType::Float32, {1, 3, 4, 3});

struct RefusalCase {
  std::string_view op;
  std::vector<std::optional<Tensor>> operands;
  std::optional<Attributes> attributes;
  std::string_view message;
  size_t results = 1;
};

const Tensor kOne = Tensor::scalar<int32_t>(1), kFar = Tensor::scalar<int32_t>(9), kReal = Tensor::scalar(1.f);

std::vector<RefusalCase> shape_cases() {
  return {
      {"reshape", {kSquare, sizes({3})}, {}, "[2, 2] with 4 elements cannot have the shape [3]"},
      {"reshape", {kSquare, sizes({-1, -1})}, {}, "is not a shape with at most one -1"},
      {"reshape",
       {kSquare, Tensor::vector<int64_t>({int64_t{1} << 40, int64_t{1} << 40})},
       {},
       "is not a shape with at most one -1"},
      {"reshape", {kSquare, kSquare}, {}, "'shape' is f32, i32 or i64 was expected"},
      {"squeeze", {kSquare}, SqueezeAttributes{{0}}, "dimension 0 of [2, 2] has the extent 2, 1 was expected"},
      {"expand_dims", {kSquare, kFar}, {}, "axis 9 is outside a tensor of 3 dimensions"},
      {"expand_dims", {kSquare, sizes({0, 1})}, {}, "'axis' has 2 elements, one was expected"},
      {"transpose", {kSquare, sizes({0, 0})}, {}, "does not name each of 2 dimensions once"},
      {"tile", {kSquare, sizes({1})}, {}, "'multiples' has the shape [1], one for each of 2 dimensions was expected"},
      {"tile", {kSquare, sizes({1, -2})}, {}, "dimension 1 is to be repeated -2 times"},
      {"reshape", {kSquare, Tensor(DType::Int32, {1000})}, {}, "'shape' gives 1000 dimensions; at most 8 are"},
      {"broadcast_to", {kSquare, sizes({3, 3})}, {}, "[2, 2] cannot be broadcast to [3, 3]"},
      {"concatenation", {kSquare, kImage}, {}, "[1, 3, 4, 3] cannot be joined to [2, 2] along axis 0"},
      {"concatenation", {kSquare, kOne}, {}, "operands are f32 and i32, one type was expected"},
      {"concatenation", {}, {}, "there is nothing to join"},
      {"pack", {kSquare, kSquare}, {}, "values_count is 1 with 2 operands"},
      {"pack", {kSquare, kImage}, PackAttributes{.values_count = 2}, "equal ones were expected"},
      {"unpack", {kSquare}, UnpackAttributes{.num = 3}, "num is 3, but axis 0 of [2, 2] has the extent 2", 3},
      {"split",
       {kOne, Tensor(DType::Float32, {1, 70'000})},
       SplitAttributes{70'000},
       "70000 results; at most 65536 are",
       1},
      {"split", {kOne, kSquare}, SplitAttributes{3}, "axis 1 of [2, 2] cannot be split into 3 equal parts", 3},
      {"split_v",
       {kSquare, sizes({1, 2}), kOne},
       SplitAttributes{2},
       "'size_splits' do not add up to the 2 of axis 1 of [2, 2]",
       2},
      {"split_v", {kSquare, sizes({1, 1}), kOne}, SplitAttributes{3}, "num_splits is 3 with 2 sizes", 3},
  };
}

std::vector<RefusalCase> place_cases() {
  return {
      {"slice", {kSquare, sizes({1, 1}), sizes({2, 1})}, {}, "elements 1 to 3 of dimension 0 of [2, 2] do not exist"},
      {"slice",
       {kSquare, sizes({1}), sizes({2, 1})},
       {},
       "'begin' has the shape [1], one element for each of 2 dimensions was expected"},
      {"slice", {kSquare, sizes({1, 1}), sizes({-3, 1})}, {}, "'size' has the element -3"},
      {"strided_slice", {kSquare, sizes({0}), sizes({1}), sizes({0})}, {}, "stride 0 is 0"},
      {"strided_slice",
       {kSquare, sizes({0}), sizes({1, 1}), sizes({1})},
       {},
       "have 1, 2 and 1 elements, equally many were expected"},
      {"strided_slice",
       {kSquare, sizes({0, 0, 0}), sizes({1, 1, 1}), sizes({1, 1, 1})},
       {},
       "3 slices for the 2 dimensions of [2, 2]"},
      {"strided_slice",
       {kSquare, sizes({5}), sizes({6}), sizes({1})},
       StridedSliceAttributes{.shrink_axis_mask = 1},
       "element 5 of dimension 0 of [2, 2] does not exist"},
      {"strided_slice",
       {kSquare, sizes({0, 0}), sizes({1, 1}), sizes({1, 1})},
       StridedSliceAttributes{.ellipsis_mask = 3},
       "the ellipsis mask names 2 entries, at most one was expected"},
      {"dynamic_update_slice",
       {kSquare, Tensor(DType::Float32, {3, 1}), sizes({0, 0})},
       {},
       "'update' [3, 1] is larger than 'src' [2, 2]"},
      {"dynamic_update_slice", {kSquare, kSquare, sizes({0})}, {}, "'start_indices' has the shape [1]"},
      {"dynamic_update_slice",
       {kSquare, Tensor(DType::Int32, {2, 2}), sizes({0, 0})},
       {},
       "'src' is f32, 'update' i32; one type was expected"},
      {"reverse_v2", {kSquare, sizes({2})}, {}, "axis 2 is outside a tensor of 2 dimensions"},
      {"pad", {kSquare, sizes({1, 1})}, {}, "'paddings' has the shape [2], two for each of 2 dimensions were expected"},
      {"pad",
       {kSquare, Tensor::of<int32_t>({2, 2}, {0, -1, 0, 0})},
       {},
       "dimension 0 is padded by 0 and -1, at least 0 was expected"},
      {"padv2", {kSquare, Tensor(DType::Int32, {2, 2}), kOne}, {}, "'value' is i32, f32 was expected"},
      {"padv2",
       {kSquare, Tensor(DType::Int32, {2, 2}), kSquare},
       {},
       "'value' has the shape [2, 2], one element was expected"},
      {"mirror_pad",
       {kSquare, Tensor::of<int32_t>({2, 2}, {2, 0, 0, 0})},
       {},
       "dimension 0 of [2, 2] cannot be mirrored into a padding of 2"},
      {"gather", {kSquare, kReal}, {}, "'indices' is f32, i32 or i64 was expected"},
      {"gather", {kSquare, kOne}, GatherAttributes{.batch_dims = 1}, "batch_dims is 1 with axis 0"},
      {"gather",
       {kSquare, sizes({0, 0, 0})},
       GatherAttributes{.axis = 1, .batch_dims = 1},
       "src [2, 2] and indices [3] differ in the batch dimension 0"},
      {"gather_nd", {kSquare, sizes({0, 0, 0})}, {}, "'indices' has the shape [3], rows of at most 2 were expected"},
      {"scatter_nd",
       {Tensor(DType::Int32, {3, 1}), kSquare, sizes({4})},
       {},
       "'updates' has the shape [2, 2], [3] was expected"},
      {"one_hot", {kOne, sizes({1, 2}), kReal, kReal}, {}, "'depth' has the shape [2], one element was expected"},
      {"one_hot", {kOne, kOne, kReal, kOne}, {}, "'on_value' is f32, 'off_value' i32; one type was expected"},
      {"one_hot", {kOne, Tensor::scalar<int32_t>(-1), kReal, kReal}, {}, "'depth' is -1, at least 0 was expected"},
  };
}

std::vector<RefusalCase> image_and_type_cases() {
  return {
      {"space_to_depth", {kImage}, {}, "the height is 3, a multiple of 2 was expected"},
      {"space_to_depth", {kSquare}, {}, "'src' has the shape [2, 2], 4 dimensions were expected"},
      {"depth_to_space", {kImage}, {}, "the number of channels is 3, a multiple of 4 was expected"},
      {"depth_to_space", {kImage}, BlockAttributes{0}, "block_size is 0, at least 1 was expected"},
      {"space_to_batch_nd",
       {kImage, sizes({2, 2}), Tensor(DType::Int32, {2, 2})},
       {},
       "the padded extent is 3, a multiple of 2 was expected"},
      {"space_to_batch_nd",
       {kImage, sizes({2, 2}), Tensor(DType::Int32, {1, 2})},
       {},
       "'paddings' has 2 elements, 4 were expected"},
      {"space_to_batch_nd",
       {kImage, sizes({3}), Tensor::of<int32_t>({1, 2}, {-1, 1})},
       {},
       "'paddings' has the element -1, at least 0 was expected"},
      {"space_to_batch_nd",
       {kReal, sizes({1}), Tensor(DType::Int32, {1, 2})},
       {},
       "'block_shape' has 1 elements for 'src' []"},
      {"batch_to_space_nd",
       {kImage, sizes({2}), Tensor(DType::Int32, {1, 2})},
       {},
       "the batch is 1, a multiple of 2 was expected"},
      {"batch_to_space_nd",
       {kImage, sizes({1}), Tensor::of<int32_t>({1, 2}, {2, 2})},
       {},
       "dimension 1 of [1, 3, 4, 3] is cropped by 2 and 2"},
      {"resize_bilinear", {kImage, sizes({2})}, {}, "'size' has the shape [1], height and width were expected"},
      {"resize_bilinear", {kImage, sizes({2, 0})}, {}, "the width is 0, at least 1 was expected"},
      {"resize_nearest_neighbor",
       {kImage, sizes({2, 2})},
       ResizeAttributes{true, true},
       "align_corners and half_pixel_centers exclude each other"},
      {"shape", {kSquare}, ShapeAttributes{DType::Float32}, "out_type is f32, i32 or i64 was expected"},
      {"fill", {sizes({2}), kSquare}, {}, "'value' has the shape [2, 2], one element was expected"},
      {"fill", {sizes({-2}), kReal}, {}, "'dims' are [-2], a shape was expected"},
      {"range", {kOne, kFar, kReal}, {}, "operands are i32 and f32, one type was expected"},
      {"range", {kOne, kFar, Tensor::scalar<int32_t>(-1)}, {}, "steps of 'delta' never lead from 'start' to 'limit'"},
      {"range",
       {Tensor::scalar(std::numeric_limits<int64_t>::min()), Tensor::scalar(std::numeric_limits<int64_t>::max()),
        Tensor::scalar<int64_t>(1)},
       {},
       "steps of 'delta' never lead from 'start' to 'limit'"},
      {"range", {kOne, kFar, sizes({1, 1})}, {}, "an operand has the shape [2], one element was expected"},
      {"composite", {kSquare}, {}, "the results of a composite cannot be told from its operands"},
  };
}

TEST(ShapeRules, RefuseWithReasons) {
  for (const auto& cases : {shape_cases(), place_cases(), image_and_type_cases()})
    for (const RefusalCase& each : cases)
      EXPECT_THAT(inferred_of(each.op, each.operands, each.attributes, each.results),
                  HasSubstr(std::string(each.message)))
          << each.op;
}

TEST(ShapeRules, ACompositeKeepsTheTypesOfItsResults) {
  Graph graph;
  Value* src = graph.add_input("src", {DType::Float32, Shape{2}, {}});
  Value* dst = graph.add_value("dst", {DType::Int32, Shape{3}, {}});
  const Node* node = graph.append_with_results(*find_op("composite"), find_op("composite")->attributes, {src}, {dst});
  const auto types = infer_types(*node, 1);
  ASSERT_TRUE(types);
  EXPECT_EQ((*types)[0], dst->type);
}

TEST(ShapeRules, KernelsSayWhatTheyDecline) {
  Graph graph;
  Value* condition = graph.add_input("condition", {DType::Bool, Shape{2}, {}});
  const auto node = graph.append(*find_op("where"), NoAttributes{}, {condition}, {"places"});
  ASSERT_TRUE(node);
  const auto chosen = create_kernel({**node});
  ASSERT_FALSE(chosen);
  EXPECT_THAT(chosen.error().to_string(), HasSubstr("the number of places is known at run time only"));
}

}  // namespace
}  // namespace pare
