// A model as the engine takes it.
#pragma once

#include <filesystem>

#include "ir/model.h"

namespace pare {

// Reads a file and puts the plain operators of composites in their place, for which the engine has no kernels. A network as it was
// trained (from Keras) is simplified as for a runtime, which never sees its batch normalisations: so its time is that of the float
// file that it becomes.
Expected<Model> read_runnable(const std::filesystem::path& path);

}  // namespace pare
