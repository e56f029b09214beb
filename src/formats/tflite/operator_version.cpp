#include "formats/tflite/operator_version.h"

#include <algorithm>
#include <unordered_map>

#include "ops/batch_matmul.h"
#include "ops/conv_2d.h"
#include "ops/elementwise_binary.h"
#include "ops/fully_connected.h"
#include "ops/gather.h"
#include "ops/resize.h"
#include "ops/slice.h"
#include "ops/transpose_conv.h"

namespace pare::tflite {
namespace {

DType type_of(const Node& node, size_t operand) {
  return node.operand(operand) == nullptr ? DType::String
                                          : node.operand(operand)->type.dtype;  // no form here takes strings
}
DType result_type(const Node& node) { return node.result()->type.dtype; }
int rank_of(const Node& node, size_t operand) { return node.operand(operand)->type.shape.rank(); }
bool several_scales(const Node& node, size_t operand) {
  const auto& quantization = node.operand(operand)->type.quantization;
  return quantization && quantization->scales.size() > 1;
}
bool is_hybrid(const Node& node) {
  return type_of(node, 0) == DType::Float32 && type_of(node, 1) == DType::Int8 && result_type(node) == DType::Float32;
}
bool is_int8(const Node& node) {
  return type_of(node, 0) == DType::Int8 && type_of(node, 1) == DType::Int8 && result_type(node) == DType::Int8;
}
bool is_int8_by_int4(const Node& node) { return type_of(node, 0) == DType::Int8 && type_of(node, 1) == DType::Int4; }
// 16-bit activations with a bias that is not the usual int64.
bool is_int16_of_other_bias(const Node& node, size_t src, size_t bias) {
  return type_of(node, src) == DType::Int16 && node.operand(bias) != nullptr && type_of(node, bias) != DType::Int64;
}
// Operands that must be stretched to each other, in more dimensions than the first kernels knew.
bool broadcasts_beyond_rank_4(const Node& node) {
  return node.operand(0)->type.shape != node.operand(1)->type.shape && std::max(rank_of(node, 0), rank_of(node, 1)) > 4;
}

int conv_2d(const Node& node) {
  if (is_int16_of_other_bias(node, 0, 2)) return 8;
  if (node.operand(0)->type.shape[-1] != node.operand(1)->type.shape[-1]) return 6;  // grouped
  if (is_int8(node)) return 3;
  if (is_int8_by_int4(node)) return 7;
  if (is_hybrid(node)) return several_scales(node, 1) ? 5 : 2;
  return 1;
}

int depthwise_conv_2d(const Node& node) {
  if (is_hybrid(node)) return several_scales(node, 1) ? 6 : 4;
  if (is_int8(node)) return 3;
  if (is_int8_by_int4(node)) return 7;
  const auto& attributes = node.attrs<Conv2dAttributes>();
  return attributes.dilation_h != 1 || attributes.dilation_w != 1 ? 2 : 1;
}

int fully_connected(const Node& node) {
  const auto& attributes = node.attrs<FullyConnectedAttributes>();
  if (type_of(node, 0) == DType::Int16 && type_of(node, 1) == DType::Int4) return 13;
  if (is_hybrid(node) && several_scales(node, 1)) return 12;
  if (is_int16_of_other_bias(node, 0, 2)) return 11;
  if (node.operands.size() == 2) return 6;
  if (attributes.keep_num_dims) return 5;
  if (is_int8(node)) return 4;
  if (is_int8_by_int4(node)) return 10;
  if (is_hybrid(node)) return attributes.asymmetric_quantize_inputs ? 9 : 3;
  return 1;
}

int transpose_conv(const Node& node) {
  if (is_int16_of_other_bias(node, 2, 3)) return 5;
  if (node.attrs<TransposeConvAttributes>().activation != Activation::None) return 4;
  if (node.operand(3) != nullptr) return 3;
  return type_of(node, 1) == DType::Int8 ? 2 : 1;
}

int batch_matmul(const Node& node) {
  if (type_of(node, 0) == DType::Int16) return 3;
  if (type_of(node, 0) == DType::Int8) return 2;
  return is_hybrid(node) && node.attrs<BatchMatmulAttributes>().asymmetric_quantize_inputs ? 4 : 1;
}

int add(const Node& node) {
  const DType type = type_of(node, 0);
  if (type == DType::Float16) return 6;
  if (type == DType::Int16 && !node.operand(0)->type.is_quantized()) return 5;
  if (type == DType::Int64) return 4;
  if (type == DType::Int16 && !node.attrs<AddAttributes>().pot_scale_int16) return 3;
  return type == DType::Int8 ? 2 : 1;
}

int sub(const Node& node) {
  const DType type = type_of(node, 0);
  if (type == DType::Int16 && !node.attrs<AddAttributes>().pot_scale_int16) return 5;
  if (type == DType::Int64) return 4;
  if (broadcasts_beyond_rank_4(node)) return 3;
  return type == DType::Int8 ? 2 : 1;
}

int mul(const Node& node) {
  const Value& a = *node.operand(0);
  const DType type = a.type.dtype;
  if (type == DType::Float16) return 8;
  if (type == DType::UInt32 || (type == DType::Int16 && !a.type.is_quantized())) return 7;
  if (type == DType::Int64) return 5;
  if (type == DType::Int16) return 4;
  const auto& b = node.operand(1)->type.quantization;
  const auto& dst = node.result()->type.quantization;
  if (a.type.quantization && b && dst && a.type.quantization->scale() * b->scale() / dst->scale() >= 1) return 3;
  return type == DType::Int8 ? 2 : 1;
}

int maximum(const Node& node) {
  if (type_of(node, 0) == DType::Int16) return 4;
  if (broadcasts_beyond_rank_4(node)) return 3;
  return type_of(node, 0) == DType::Int8 ? 2 : 1;
}

int div(const Node& node) { return broadcasts_beyond_rank_4(node) ? 2 : 1; }

int abs(const Node& node) {
  switch (type_of(node, 0)) {
    case DType::Int32: return 5;
    case DType::Int16: return node.operand(0)->type.is_quantized() ? 3 : 4;
    case DType::Int8:
    case DType::UInt8: return 2;
    default: return 1;
  }
}

int transpose(const Node& node) {
  const DType type = type_of(node, 0);
  const int rank = rank_of(node, 0);
  if (rank > 6 || type == DType::BFloat16) return 8;
  if (type == DType::Int4) return 7;
  if (rank > 5) return 6;
  if (type == DType::Int16) return 5;
  if (rank > 4) return 4;
  if (type == DType::Bool) return 3;
  return type == DType::Int8 ? 2 : 1;
}

int slice(const Node& node) {
  const DType type = type_of(node, 0);
  if (type == DType::Int4) return 7;
  if (type == DType::UInt32) return 6;
  if (rank_of(node, 0) > 4) return 5;
  if (type == DType::Int16) return 4;
  return type == DType::Int8 ? 2 : 1;
}

int strided_slice(const Node& node) {
  const auto& attributes = node.attrs<StridedSliceAttributes>();
  if (attributes.offset) return 8;
  if (type_of(node, 0) == DType::UInt32) return 7;
  if (attributes.ellipsis_mask != 0 || attributes.new_axis_mask != 0) return 6;
  if (rank_of(node, 0) > 4) return 4;
  if (type_of(node, 0) == DType::Bool) return 3;
  return type_of(node, 0) == DType::Int8 ? 2 : 1;
}

int pad(const Node& node) {
  if (type_of(node, 0) == DType::Bool) return 5;
  if (rank_of(node, 0) > 4) return 4;
  if (type_of(node, 0) == DType::Int16) return 3;
  return type_of(node, 0) == DType::Int8 ? 2 : 1;
}

int space_to_batch(const Node& node) {
  if (type_of(node, 0) == DType::Int16) return 4;
  if (rank_of(node, 0) != 4) return 3;
  return type_of(node, 0) == DType::Int8 ? 2 : 1;
}

int gather(const Node& node) {
  if (type_of(node, 0) == DType::Int4) return 7;
  if (type_of(node, 1) == DType::Int16) return 6;
  if (node.attrs<GatherAttributes>().batch_dims != 0) return 5;
  switch (type_of(node, 0)) {
    case DType::Int16: return 4;
    case DType::Bool: return 3;
    case DType::Int8: return 2;
    default: return 1;
  }
}

int gather_nd(const Node& node) {
  if (type_of(node, 0) == DType::Bool) return 5;
  if (type_of(node, 1) == DType::Int16) return 4;
  return type_of(node, 0) == DType::Int16 ? 3 : 1;
}

int embedding_lookup(const Node& node) { return type_of(node, 1) == DType::Int4 || several_scales(node, 1) ? 4 : 1; }

int resize_bilinear(const Node& node) {
  if (type_of(node, 0) == DType::Int16) return 4;
  if (node.attrs<ResizeAttributes>().half_pixel_centers) return 3;
  return type_of(node, 0) == DType::Int8 ? 2 : 1;
}

int resize_nearest_neighbor(const Node& node) {
  if (type_of(node, 0) == DType::Int16) return 4;
  const auto& attributes = node.attrs<ResizeAttributes>();
  if (attributes.half_pixel_centers || attributes.align_corners) return 3;
  return type_of(node, 0) == DType::Int8 ? 2 : 1;
}

int dequantize(const Node& node) {
  switch (type_of(node, 0)) {
    case DType::Int4: return 6;
    case DType::Int16:
    case DType::Float16: return 3;
    case DType::Int8: return several_scales(node, 0) ? 5 : 2;
    default: return 1;
  }
}

int quantize(const Node& node) {
  if (type_of(node, 0) == DType::Int4 || result_type(node) == DType::Int4) return 4;
  if (node.result()->type.quantization && node.result()->type.quantization->scales.size() > 1) return 3;
  return result_type(node) == DType::Int16 ? 2 : 1;
}

int cast(const Node& node) {
  const auto either = [&](DType type) { return type_of(node, 0) == type || result_type(node) == type; };
  if (either(DType::BFloat16)) return 7;
  if (type_of(node, 0) == DType::Int4) return 6;
  if (either(DType::Float64) || either(DType::Float16)) return 5;
  if (either(DType::UInt16)) return 4;
  if (either(DType::Int8)) return 3;
  return either(DType::UInt32) ? 2 : 1;
}

int select(const Node& node) {
  if (std::max({rank_of(node, 0), rank_of(node, 1), rank_of(node, 2)}) == 5) return 3;
  return type_of(node, 0) == DType::Int8 ? 2 : 1;
}

int dynamic_update_slice(const Node& node) {
  switch (type_of(node, 0)) {
    case DType::BFloat16: return 6;
    case DType::Int4: return 5;
    case DType::Int16: return 4;
    case DType::Float16: return 3;
    default: return type_of(node, 2) == DType::Int64 ? 2 : 1;
  }
}

int broadcast_to(const Node& node) {
  return type_of(node, 0) == DType::Int8 || type_of(node, 0) == DType::Int16 ? 3 : 2;
}

int where(const Node& node) { return type_of(node, 0) == DType::Bool ? 1 : 2; }

// Operators whose version hangs on the type of one operand alone.
struct ByType {
  size_t operand;
  std::vector<std::pair<DType, int>> versions;  // 1 for all other types
};

const std::unordered_map<std::string_view, ByType>& by_type() {
  static const std::unordered_map<std::string_view, ByType> table = [] {
    std::unordered_map<std::string_view, ByType> made;
    const ByType int8{0, {{DType::Int8, 2}}};
    const ByType int8_int16{0, {{DType::Int8, 2}, {DType::Int16, 3}}};
    const ByType both_2{0, {{DType::Int8, 2}, {DType::Int16, 2}}};
    for (const auto* name : {"space_to_depth", "depth_to_space", "split_v", "sum", "log_softmax", "greater",
                             "less_equal", "squared_difference", "l2_normalization"})
      made.emplace(name, int8);
    for (const auto* name : {"average_pool_2d", "max_pool_2d", "tanh", "logistic", "softmax", "mean", "mirror_pad",
                             "reduce_max", "reduce_min", "relu6", "rsqrt", "pack", "less", "greater_equal", "topk_v2"})
      made.emplace(name, int8_int16);
    for (const auto* name : {"exp", "log", "reduce_prod", "sqrt", "floor_mod"}) made.emplace(name, both_2);
    made.emplace("relu", ByType{0, {{DType::Int8, 2}, {DType::UInt8, 2}, {DType::Int16, 3}}});
    made.emplace("concatenation",
                 ByType{0, {{DType::Int4, 5}, {DType::UInt32, 4}, {DType::Int16, 3}, {DType::Int8, 2}}});
    made.emplace("split", ByType{1, {{DType::Int16, 4}, {DType::Int32, 3}, {DType::Int8, 2}}});
    made.emplace("unpack", ByType{0,
                                  {{DType::Int8, 2},
                                   {DType::UInt8, 2},
                                   {DType::Bool, 3},
                                   {DType::Int16, 4},
                                   {DType::Float16, 5},
                                   {DType::BFloat16, 5}}});
    made.emplace("arg_max", ByType{0, {{DType::Bool, 3}, {DType::Int8, 2}}});
    made.emplace("arg_min", ByType{0, {{DType::Bool, 3}, {DType::Int8, 2}}});
    made.emplace("equal", ByType{0, {{DType::Int16, 5}, {DType::Int8, 2}}});
    made.emplace("not_equal", ByType{0, {{DType::Int16, 4}, {DType::Int8, 2}}});
    made.emplace("floor_div", ByType{0, {{DType::Int16, 3}, {DType::Int8, 3}, {DType::Float32, 2}}});
    made.emplace("fill", ByType{1, {{DType::Float16, 4}, {DType::Int8, 3}, {DType::Int16, 3}, {DType::Bool, 2}}});
    made.emplace("gelu", ByType{0, {{DType::Int8, 2}, {DType::UInt8, 2}}});
    made.emplace("leaky_relu", ByType{0, {{DType::Int16, 2}}});
    made.emplace("range", ByType{0, {{DType::Int64, 2}}});
    made.emplace("reverse_v2", ByType{0, {{DType::Int8, 3}, {DType::Bool, 2}}});
    made.emplace("sign", ByType{0, {{DType::Int32, 2}}});
    made.emplace("tile", ByType{0, {{DType::Int8, 3}}});
    return made;
  }();
  return table;
}

using Rule = int (*)(const Node&);
const std::unordered_map<std::string_view, Rule>& rules() {
  static const std::unordered_map<std::string_view, Rule> table{
      {"abs", abs},
      {"add", add},
      {"batch_matmul", batch_matmul},
      {"batch_to_space_nd", space_to_batch},
      {"broadcast_to", broadcast_to},
      {"cast", cast},
      {"conv_2d", conv_2d},
      {"depthwise_conv_2d", depthwise_conv_2d},
      {"dequantize", dequantize},
      {"div", div},
      {"dynamic_update_slice", dynamic_update_slice},
      {"embedding_lookup", embedding_lookup},
      {"fully_connected", fully_connected},
      {"gather", gather},
      {"gather_nd", gather_nd},
      {"maximum", maximum},
      {"minimum", maximum},
      {"mul", mul},
      {"pad", pad},
      {"padv2", pad},
      {"quantize", quantize},
      {"resize_bilinear", resize_bilinear},
      {"resize_nearest_neighbor", resize_nearest_neighbor},
      {"select", select},
      {"slice", slice},
      {"space_to_batch_nd", space_to_batch},
      {"strided_slice", strided_slice},
      {"sub", sub},
      {"transpose", transpose},
      {"transpose_conv", transpose_conv},
      {"where", where},
  };
  return table;
}

}  // namespace

int operator_version(const Node& node) {
  if (const auto rule = rules().find(node.op().name); rule != rules().end()) return rule->second(node);
  if (const auto rule = by_type().find(node.op().name); rule != by_type().end())
    for (const auto& [type, version] : rule->second.versions)
      if (type_of(node, rule->second.operand) == type) return version;
  return 1;
}

}  // namespace pare::tflite
