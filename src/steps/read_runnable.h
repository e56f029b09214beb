// A model as the engine takes it.
#pragma once

#include <filesystem>

#include "ir/model.h"

namespace pare {

// Reads a file and puts the plain operators of composites in their place, for which the engine has no kernels.
Expected<Model> read_runnable(const std::filesystem::path& path);

}  // namespace pare
