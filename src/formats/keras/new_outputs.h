// A Keras model whose classifier gets another number of outputs.
#pragma once

#include <string>
#include <vector>

#include "ir/keras_origin.h"

namespace pare {

struct NewOutputs {
  std::vector<std::string> weights;  // the constants of the classifier, outputs first in their shapes
  std::vector<std::string> layers;   // results of the classifier and of what stands behind it, by name
  int64_t before = 0, after = 0;
  bool softmax = false;  // takes the place of a sigmoid
};

// What the file has to say then, so that the model can be written as a Keras file. What it says otherwise stays; where the file
// describes such layers in a way that is not known here, so do they, and writing fails with the difference.
KerasOrigin with_new_outputs(KerasOrigin origin, const NewOutputs& change);

}  // namespace pare
