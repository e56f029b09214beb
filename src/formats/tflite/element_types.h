// Element types of tensors, ours and TFLite's.
#pragma once

#include "base/dtype.h"
#include "base/error.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

// Fails for types that Pare has none for: complex numbers, resources, 2-bit integers...
Expected<DType> dtype_of(schema::TensorType type);
Expected<schema::TensorType> tensor_type_of(DType dtype);

}  // namespace pare::tflite
