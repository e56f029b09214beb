// Writes .tflite files. Format: public TFLite schema, version 3 (see docs/references.md).
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "ir/model.h"

namespace pare {

// The bytes of a .tflite file. Equal models give equal bytes. Constants of equal bytes share one buffer, aligned to 16 bytes; a free
// dimension is written as 1 with -1 in the shape signature; each operator gets the lowest version that covers its form, and the metadata
// entry min_runtime_version names the oldest runtime that knows them all.
// With `sparse`, weights are stored without their zeros where that is worth it (tflite/sparse_encoding.h).
// Unsupported, by name: operators that TFLite does not have, and networks beyond the 2 GB that one table of offsets can address.
Expected<std::vector<std::byte>> write_tflite(const Model& model, bool sparse = false);

}  // namespace pare
