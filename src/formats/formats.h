// Model files of every format.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "ir/model.h"

namespace pare {

// Reads a model file. The format is recognised by the content, not by the name. Unsupported for formats that Pare knows but does not
// read, BadInput for anything else; both say what is read.
Expected<Model> read_model(const std::filesystem::path& path);

}  // namespace pare
