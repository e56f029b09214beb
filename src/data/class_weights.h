// Weights that make up for classes of unequal size in training.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "data/data_set.h"

namespace pare {

struct ClassWeights {
  std::vector<float> weights;  // by class
  std::vector<int64_t> empty;  // classes without a sample
};

// samples / (classes that have some * samples of the class): the weights of all samples add up to their number. 0 for an empty class.
Expected<ClassWeights> balanced_class_weights(const DataView& view);

// As stated, one a class.
Expected<ClassWeights> stated_class_weights(const DataView& view, const std::vector<float>& weights);

}  // namespace pare
