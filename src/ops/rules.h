// Shape, cost and quantisation rules that families of operators share.
#pragma once

#include <string_view>
#include <vector>

#include "ir/op_def.h"

namespace pare {

// dst has the element type and shape of operand 0.
Expected<std::vector<TensorType>> infer_as_src(const InferContext& context);
// dst has the element type of both operands and their broadcast shape (NumPy's rule).
Expected<std::vector<TensorType>> infer_broadcast(const InferContext& context);
// The same with true or false for each element.
Expected<std::vector<TensorType>> infer_broadcast_bool(const InferContext& context);
// The broadcast shape of two operands, or an error that names both.
Expected<Shape> broadcast_operands(const InferContext& context, size_t a, size_t b);

// One operation for each element of each result.
Cost cost_per_element(const Node& node);
// For views, whose bytes stay where they are.
Cost cost_nothing(const Node& node);

QuantRule free_scales(std::vector<int> activations = {}, bool int16 = true);
QuantRule same_scales(std::vector<int> activations = {}, bool int16 = true);
QuantRule plain_output(std::vector<int> activations = {}, bool int16 = false);
QuantRule not_quantized(std::string_view reason);
// Of products of src with weights, whose output channels lie along this axis, and a bias.
QuantRule product_scales(int weights_axis);

inline constexpr std::string_view kNoIntegerKernel = "TFLite has no integer kernel for it";
inline constexpr std::string_view kOnlyTraining = "only in training steps, which compute in float";
inline constexpr std::string_view kPlainNumbers = "works on plain numbers: indices, shapes, truth values";

// Completes the definition of an operator that computes each element of its result from that of its one operand.
OpDef unary(OpDef def);

}  // namespace pare
