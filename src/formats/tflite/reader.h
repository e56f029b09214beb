// Reads .tflite files. Format: public TFLite schema, version 3 (see docs/references.md).
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/error.h"
#include "ir/model.h"

namespace pare {

// Reads a whole .tflite file that lies in memory. `source` is its path, for messages and Model::source_path.
//
// Kept: every graph with its tensors in the file's order (Value::file_index), quantisation, variables, signatures, metadata and the
// description. Sparse constants become dense. Tensors that share a buffer share one Tensor. Observed ranges (min, max) of tensors and
// debug information are not kept.
// Nothing in the bytes is trusted. BadInput: not a .tflite file, damaged, or contradictory. Unsupported: custom or unknown operators,
// element types, quantisation or storage that Pare does not know, each by name.
Expected<Model> read_tflite(std::span<const std::byte> bytes, std::string source);

}  // namespace pare
