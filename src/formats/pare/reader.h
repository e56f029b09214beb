// Reads .pare files.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"
#include "formats/pare/container.h"
#include "ir/model.h"

namespace pare {

bool is_pare(std::span<const std::byte> bytes);

// The model as it was written. BadInput for damage, Unsupported for a file of a newer version.
Expected<Model> read_pare(std::span<const std::byte> bytes, Checksums checksums = Checksums::Compare);

}  // namespace pare
