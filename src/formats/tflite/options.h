// What TFLite writes beside an operator's operands (its options table) and our attributes. Operators without an entry have no
// attributes. Each family of operators has its table of entries in a file of its own, options_FAMILY.cpp.
#pragma once

#include <span>
#include <string_view>

#include "ir/graph.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

// An operator of a file whose operands and results are known already.
struct OperatorView {
  const schema::Operator& record;
  const OpDef& op;
  std::span<Value* const> operands;  // null where absent
  std::span<Value* const> results;
};

// A table of one of the two unions; without a type, no options.
struct WrittenOptions {
  schema::BuiltinOptions type = schema::BuiltinOptions::NONE;
  flatbuffers::Offset<void> table;
  schema::BuiltinOptions2 type_2 = schema::BuiltinOptions2::NONE;
};

struct OptionsMapping {
  std::string_view op;  // our name
  Expected<Attributes> (*read)(const OperatorView&);
  Expected<WrittenOptions> (*write)(flatbuffers::FlatBufferBuilder&, const Node&);
};

std::span<const OptionsMapping> convolution_options();
std::span<const OptionsMapping> elementwise_options();
std::span<const OptionsMapping> product_options();
std::span<const OptionsMapping> reduction_options();
std::span<const OptionsMapping> selection_options();
std::span<const OptionsMapping> shape_options();

// Null for an operator without options.
const OptionsMapping* find_options(std::string_view op);

// --- for the families

// The options of an operator; a table of the schema's defaults where the file has none, as runtimes take it. Fails for options of
// another operator.
template <class Table>
Expected<const Table*> options_of(const OperatorView& view) {
  alignas(8) static constexpr uint8_t kEmpty[] = {4, 0, 4, 0,
                                                  4, 0, 0, 0};  // a flatbuffers table without fields, and its vtable
  const auto type = view.record.builtin_options_type();
  if (type == schema::BuiltinOptions::NONE || view.record.builtin_options() == nullptr)
    return reinterpret_cast<const Table*>(kEmpty + 4);
  if (type != schema::BuiltinOptionsTraits<Table>::enum_value)
    return bad_input("{} was expected beside it, {} was found",
                     schema::EnumNameBuiltinOptions(schema::BuiltinOptionsTraits<Table>::enum_value),
                     schema::EnumNameBuiltinOptions(type));
  return static_cast<const Table*>(view.record.builtin_options());
}

template <class Table>
WrittenOptions written(flatbuffers::Offset<Table> table) {
  return {schema::BuiltinOptionsTraits<Table>::enum_value, table.Union()};
}

Expected<Activation> activation_of(schema::ActivationFunctionType type);
schema::ActivationFunctionType activation_type(Activation activation);
Expected<Padding> padding_of(schema::Padding padding);
schema::Padding padding_type(Padding padding);

// The bias of an operator whose `quantized_bias_type` says so explicitly must be of that type.
Expected<void> check_bias_type(const OperatorView& view, size_t bias, schema::TensorType type);
// What to write there: the type of a 16-bit operator's bias where it is not the usual int64, else nothing (FLOAT32).
Expected<schema::TensorType> bias_type(const Node& node, size_t src, size_t bias);

}  // namespace pare::tflite
