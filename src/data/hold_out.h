// A share of the training samples set aside for validation, where a data set has no split of its own for that.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "data/data_set.h"

namespace pare {

struct HeldOut {
  DataView train, validation;
};

// Draws `fraction` of the samples with the seed; of classes the same share of each, but never all samples of one. Both parts keep
// the order of the view. Fails where a part would be empty.
Expected<HeldOut> hold_out(const DataView& view, double fraction, uint64_t seed);

}  // namespace pare
