#include "formats/tflite/options.h"

#include <array>
#include <unordered_map>

#include "formats/tflite/element_types.h"

namespace pare::tflite {

const OptionsMapping* find_options(std::string_view op) {
  static const std::unordered_map<std::string_view, const OptionsMapping*> by_name = [] {
    std::unordered_map<std::string_view, const OptionsMapping*> table;
    for (const auto family : {convolution_options(), elementwise_options(), product_options(), reduction_options(),
                              selection_options(), shape_options()})
      for (const OptionsMapping& mapping : family) table.emplace(mapping.op, &mapping);
    return table;
  }();
  const auto found = by_name.find(op);
  return found == by_name.end() ? nullptr : found->second;
}

Expected<Activation> activation_of(schema::ActivationFunctionType type) {
  switch (type) {
    case schema::ActivationFunctionType::NONE: return Activation::None;
    case schema::ActivationFunctionType::RELU: return Activation::Relu;
    case schema::ActivationFunctionType::RELU_N1_TO_1: return Activation::ReluN1To1;
    case schema::ActivationFunctionType::RELU6: return Activation::Relu6;
    case schema::ActivationFunctionType::TANH: return Activation::Tanh;
    case schema::ActivationFunctionType::SIGN_BIT: return unsupported("the fused activation SIGN_BIT is not supported");
  }
  return bad_input("fused activation number {}; 0 to 4 were expected", static_cast<int>(type));
}

schema::ActivationFunctionType activation_type(Activation activation) {
  switch (activation) {
    case Activation::None: break;
    case Activation::Relu: return schema::ActivationFunctionType::RELU;
    case Activation::ReluN1To1: return schema::ActivationFunctionType::RELU_N1_TO_1;
    case Activation::Relu6: return schema::ActivationFunctionType::RELU6;
    case Activation::Tanh: return schema::ActivationFunctionType::TANH;
  }
  return schema::ActivationFunctionType::NONE;
}

Expected<Padding> padding_of(schema::Padding padding) {
  if (padding == schema::Padding::SAME) return Padding::Same;
  if (padding == schema::Padding::VALID) return Padding::Valid;
  return bad_input("padding number {}; 0 (SAME) or 1 (VALID) was expected", static_cast<int>(padding));
}

schema::Padding padding_type(Padding padding) {
  return padding == Padding::Same ? schema::Padding::SAME : schema::Padding::VALID;
}

Expected<void> check_bias_type(const OperatorView& view, size_t bias, schema::TensorType type) {
  if (type == schema::TensorType::FLOAT32 || bias >= view.operands.size() || view.operands[bias] == nullptr) return {};
  PARE_ASSIGN(const DType declared, dtype_of(type));
  if (view.operands[bias]->type.dtype != declared)
    return bad_input("its bias is said to be {} and is {}", to_string(declared),
                     to_string(view.operands[bias]->type.dtype));
  return {};
}

Expected<schema::TensorType> bias_type(const Node& node, size_t src, size_t bias) {
  const Value* operand = node.operand(bias);
  if (operand == nullptr || node.operand(src)->type.dtype != DType::Int16 || operand->type.dtype == DType::Int64)
    return schema::TensorType::FLOAT32;
  return tensor_type_of(operand->type.dtype);
}

}  // namespace pare::tflite
