#include "formats/tflite/quantization.h"

#include <algorithm>
#include <cstring>

namespace pare::tflite {
namespace {

Expected<std::optional<Quantization>> read_blocks(const schema::BlockwiseQuantization& record,
                                                  const ConstantLookup& constant) {
  if (record.block_shape() != nullptr && record.block_shape()->size() > 0)
    return unsupported("quantisation in blocks of several dimensions; blocks along the last dimension are read");
  if (record.block_size() < 1)
    return bad_input("quantisation in blocks of {} elements; at least 1 was expected", record.block_size());
  Quantization quantization;
  quantization.block = record.block_size();
  PARE_ASSIGN_IN(const Tensor scales, constant(record.scales()), "block-wise scales");
  if (!is_float(scales.dtype()))
    return bad_input("block-wise scales are {}, floats were expected", to_string(scales.dtype()));
  quantization.scales = to_floats(scales);
  quantization.zero_points.assign(quantization.scales.size(), 0);
  if (record.zero_points() >= 0) {
    PARE_ASSIGN_IN(const Tensor zero_points, constant(record.zero_points()), "block-wise zero points");
    if (!is_integer(zero_points.dtype()))
      return bad_input("block-wise zero points are {}, integers were expected", to_string(zero_points.dtype()));
    quantization.zero_points = to_int64(zero_points);
  }
  return quantization;
}

}  // namespace

Expected<std::optional<Quantization>> read_quantization(const schema::QuantizationParameters* record, DType dtype,
                                                        const ConstantLookup& constant) {
  if (record == nullptr || !is_integer(dtype)) return std::nullopt;
  switch (record->details() == nullptr ? schema::QuantizationDetails::NONE : record->details_type()) {
    case schema::QuantizationDetails::NONE: break;
    case schema::QuantizationDetails::BlockwiseQuantization:
      return read_blocks(*record->details_as_BlockwiseQuantization(), constant);
    default: return unsupported("{} of a tensor", schema::EnumNameQuantizationDetails(record->details_type()));
  }
  const auto* scales = record->scale();
  if (scales == nullptr || std::all_of(scales->begin(), scales->end(), [](float scale) { return scale == 0; }))
    return std::nullopt;
  Quantization quantization;
  quantization.scales.assign(scales->begin(), scales->end());
  if (const auto* zero_points = record->zero_point(); zero_points != nullptr && zero_points->size() > 0) {
    // The verifier lets elements of eight bytes lie at any multiple of four.
    quantization.zero_points.resize(zero_points->size());
    std::memcpy(quantization.zero_points.data(), zero_points->Data(), zero_points->size() * sizeof(int64_t));
  }
  if (quantization.zero_points.size() <= 1)
    quantization.zero_points.resize(quantization.scales.size(),
                                    quantization.zero_points.empty() ? 0 : quantization.zero_points.front());
  if (quantization.scales.size() > 1) quantization.axis = record->quantized_dimension();
  return quantization;
}

BlockTensors block_tensors(const schema::Tensor& record) {
  if (record.quantization() == nullptr) return {};
  const auto* blocks = record.quantization()->details_as_BlockwiseQuantization();
  return blocks == nullptr ? BlockTensors{} : BlockTensors{blocks->scales(), blocks->zero_points()};
}

}  // namespace pare::tflite
