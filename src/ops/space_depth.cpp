#include "ops/space_depth.h"

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

int64_t times(int64_t extent, int64_t factor) {
  return extent == kDynamic ? kDynamic : plausible_product(extent, factor);
}

// The quotient of an extent; fails where it is not whole.
Expected<int64_t> divided(int64_t extent, int64_t by, std::string_view what) {
  if (extent == kDynamic) return kDynamic;
  if (extent % by != 0) return bad_input("{} is {}, a multiple of {} was expected", what, extent, by);
  return extent / by;
}

Expected<std::vector<TensorType>> infer_space_to_depth(const InferContext& context) {
  const int64_t block = context.attributes.as<BlockAttributes>().block_size;
  PARE_TRY(check_positive({{"block_size", block}}));
  PARE_TRY(check_rank(context, 0, "src", 4));
  const Shape& src = context.shape(0);
  PARE_ASSIGN(const int64_t height, divided(src[1], block, "the height"));
  PARE_ASSIGN(const int64_t width, divided(src[2], block, "the width"));
  return std::vector<TensorType>{
      {context.type(0).dtype, Shape{src[0], height, width, times(src[3], block * block)}, {}}};
}

Expected<std::vector<TensorType>> infer_depth_to_space(const InferContext& context) {
  const int64_t block = context.attributes.as<BlockAttributes>().block_size;
  PARE_TRY(check_positive({{"block_size", block}}));
  PARE_TRY(check_rank(context, 0, "src", 4));
  const Shape& src = context.shape(0);
  PARE_ASSIGN(const int64_t channels, divided(src[3], block * block, "the number of channels"));
  return std::vector<TensorType>{
      {context.type(0).dtype, Shape{src[0], times(src[1], block), times(src[2], block), channels}, {}}};
}

// Block extents and the pairs (paddings or crops) of space_to_batch_nd and batch_to_space_nd.
struct Blocks {
  std::vector<int64_t> extents, pairs;
};
Expected<Blocks> blocks(const InferContext& context, std::string_view pairs_name) {
  Blocks result;
  PARE_ASSIGN(result.extents, constant_operand(context, 1, "block_shape"));
  PARE_ASSIGN(result.pairs, constant_operand(context, 2, pairs_name));
  const int rank = context.shape(0).rank();
  const auto spatial = static_cast<int>(result.extents.size());
  if (spatial < 1 || rank < spatial + 1)
    return bad_input("'block_shape' has {} elements for 'src' {}", spatial, context.shape(0).to_string());
  if (result.pairs.size() != 2 * result.extents.size())
    return bad_input("'{}' has {} elements, {} were expected", pairs_name, result.pairs.size(), 2 * spatial);
  for (const int64_t extent : result.extents) PARE_TRY(check_positive({{"block_shape", extent}}));
  for (const int64_t pair : result.pairs)
    if (pair < 0) return bad_input("'{}' has the element {}, at least 0 was expected", pairs_name, pair);
  return result;
}

Expected<std::vector<TensorType>> infer_space_to_batch(const InferContext& context) {
  PARE_ASSIGN(const Blocks block, blocks(context, "paddings"));
  Shape dst = context.shape(0);
  for (size_t i = 0; i < block.extents.size(); ++i) {
    const auto d = static_cast<int>(i) + 1;
    if (dst[d] != kDynamic) dst[d] += block.pairs[2 * i] + block.pairs[2 * i + 1];
    PARE_ASSIGN(dst[d], divided(dst[d], block.extents[i], "the padded extent"));
    dst[0] = times(dst[0], block.extents[i]);
  }
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

Expected<std::vector<TensorType>> infer_batch_to_space(const InferContext& context) {
  PARE_ASSIGN(const Blocks block, blocks(context, "crops"));
  Shape dst = context.shape(0);
  for (size_t i = 0; i < block.extents.size(); ++i) {
    const auto d = static_cast<int>(i) + 1;
    PARE_ASSIGN(dst[0], divided(dst[0], block.extents[i], "the batch"));
    if (dst[d] == kDynamic) continue;
    dst[d] = plausible_product(dst[d], block.extents[i]) - block.pairs[2 * i] - block.pairs[2 * i + 1];
    if (dst[d] < 0)
      return bad_input("dimension {} of {} is cropped by {} and {}", d, context.shape(0).to_string(),
                       block.pairs[2 * i], block.pairs[2 * i + 1]);
  }
  return std::vector<TensorType>{{context.type(0).dtype, dst, {}}};
}

}  // namespace

namespace {

// Pixels of a block lie one after the other, each with all channels.
std::vector<ChannelTie> channels_of_blocks(Value* pixels, Value* blocks) {
  const int64_t channels = pixels->type.shape[3];
  if (channels <= 0) return {};
  return {{channels, {{pixels, 3}, {blocks, 3, ChannelRole::Follows, blocks->type.shape[3] / channels}}}};
}

std::vector<ChannelTie> channels_into_blocks(const Node& node) {
  return channels_of_blocks(node.operand(0), node.result());
}
std::vector<ChannelTie> channels_from_blocks(const Node& node) {
  return channels_of_blocks(node.result(), node.operand(0));
}

}  // namespace

const OpDef& op_space_to_depth() {
  static const OpDef def{
      .name = "space_to_depth",
      .summary = "Blocks of pixels become channels.",
      .details =
          "dst[n, y, x, (i*B + j)*C + c] = src[n, y*B + i, x*B + j, c] with B = block_size and C the channels of src",
      .operands = {{"src", "N,H,W,C"}},
      .results = {{"dst", "N,H/B,W/B,C*B*B"}},
      .attributes = BlockAttributes{},
      .infer = infer_space_to_depth,
      .cost = cost_nothing,
      .quantization = same_scales({}, false),
      .channels = channels_into_blocks,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_depth_to_space() {
  static const OpDef def{
      .name = "depth_to_space",
      .summary = "Channels become blocks of pixels.",
      .details =
          "dst[n, y*B + i, x*B + j, c] = src[n, y, x, (i*B + j)*C + c] with B = block_size and C the channels of dst",
      .operands = {{"src", "N,H,W,C*B*B"}},
      .results = {{"dst", "N,H*B,W*B,C"}},
      .attributes = BlockAttributes{},
      .infer = infer_depth_to_space,
      .cost = cost_nothing,
      .quantization = same_scales({}, false),
      .channels = channels_from_blocks,
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_space_to_batch_nd() {
  static const OpDef def{
      .name = "space_to_batch_nd",
      .summary = "Every so many pixels become a sample of their own.",
      .details =
          "src is padded with zeros (a quantised one with its zero point); then dst[(i*B1 + j)*N + n, y, x, ...] = padded[n, y*B0 + i, x*B1 + j, ...] with "
          "B = block_shape.",
      .operands = {{"src", "N, spatial dimensions, ..."},
                   {"block_shape", "int32, constant"},
                   {"paddings", "int32, constant, dimensions x 2"}},
      .results = {{"dst", "N times the blocks, fewer pixels"}},
      .infer = infer_space_to_batch,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .traits = {.moves_data = true},
  };
  return def;
}

const OpDef& op_batch_to_space_nd() {
  static const OpDef def{
      .name = "batch_to_space_nd",
      .summary = "Samples become every so many pixels of one sample.",
      .details = "The inverse of space_to_batch_nd: the samples are interleaved, then the crops are cut off.",
      .operands = {{"src", "N, spatial dimensions, ..."},
                   {"block_shape", "int32, constant"},
                   {"crops", "int32, constant, dimensions x 2"}},
      .results = {{"dst", "fewer samples, more pixels"}},
      .infer = infer_batch_to_space,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .traits = {.moves_data = true},
  };
  return def;
}

}  // namespace pare
