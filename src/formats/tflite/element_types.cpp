#include "formats/tflite/element_types.h"

#include <array>
#include <utility>

namespace pare::tflite {
namespace {

constexpr std::array<std::pair<DType, schema::TensorType>, 14> kPairs{{
    {DType::Float32, schema::TensorType::FLOAT32},
    {DType::Float16, schema::TensorType::FLOAT16},
    {DType::BFloat16, schema::TensorType::BFLOAT16},
    {DType::Float64, schema::TensorType::FLOAT64},
    {DType::Int4, schema::TensorType::INT4},
    {DType::Int8, schema::TensorType::INT8},
    {DType::UInt8, schema::TensorType::UINT8},
    {DType::Int16, schema::TensorType::INT16},
    {DType::UInt16, schema::TensorType::UINT16},
    {DType::Int32, schema::TensorType::INT32},
    {DType::UInt32, schema::TensorType::UINT32},
    {DType::Int64, schema::TensorType::INT64},
    {DType::UInt64, schema::TensorType::UINT64},
    {DType::Bool, schema::TensorType::BOOL},
}};

}  // namespace

Expected<DType> dtype_of(schema::TensorType type) {
  for (const auto& [ours, theirs] : kPairs)
    if (theirs == type) return ours;
  const char* name = schema::EnumNameTensorType(type);
  return unsupported("element type {}; Pare has no tensors of it",
                     *name != '\0' ? std::string(name) : fmt::format("number {}", static_cast<int>(type)));
}

Expected<schema::TensorType> tensor_type_of(DType dtype) {
  for (const auto& [ours, theirs] : kPairs)
    if (ours == dtype) return theirs;
  return unsupported("{} tensors cannot be written to .tflite", to_string(dtype));
}

}  // namespace pare::tflite
