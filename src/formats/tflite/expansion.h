// How much a file grows when it is read.
#pragma once

#include <cstddef>

#include "base/error.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

// Tables of a file may refer to the same name, list or buffer any number of times, and each use becomes a copy in memory. Fails where
// the copies take many times the file, as no converter makes them: a few kilobytes must not ask for all memory.
Expected<void> check_expansion(const schema::Model& model, size_t file_bytes);

}  // namespace pare::tflite
