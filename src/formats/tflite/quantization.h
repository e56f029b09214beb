// Quantisation parameters, TFLite's to ours and back.
#pragma once

#include <functional>
#include <optional>

#include "base/error.h"
#include "base/tensor.h"
#include "ir/types.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

// The constant in tensor number `index` of the same graph, where block-wise scales lie.
using ConstantLookup = std::function<Expected<Tensor>(int32_t index)>;

// Nothing where the tensor is not quantised: no scales, scales of 0 only (older converters), or an element type that is no integer,
// whose parameters no runtime looks at. The parameters are not yet checked against the type; see pare::verify.
Expected<std::optional<Quantization>> read_quantization(const schema::QuantizationParameters* record, DType dtype,
                                                        const ConstantLookup& constant);

// Tensors that hold block-wise scales or zero points of this tensor; -1 where there are none.
struct BlockTensors {
  int32_t scales = -1, zero_points = -1;
};
BlockTensors block_tensors(const schema::Tensor& record);

}  // namespace pare::tflite
