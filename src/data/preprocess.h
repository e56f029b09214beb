// From a sample as stored to what the network sees.
#pragma once

#include "base/error.h"
#include "base/tensor.h"
#include "data/description.h"

namespace pare {

// Applies the steps of Preprocessing in their order. `mirror` exchanges left and right once more than the steps ask. Fails where a
// shape does not fit a step and for samples that hold NaN or infinity.
Expected<Tensor> preprocess(const Tensor& stored, bool channels_first, const Preprocessing& steps, bool mirror);

}  // namespace pare
