// A trained network with a new classifier at its end, to be fine-tuned on other classes.
#pragma once

#include "base/error.h"
#include "ir/model.h"

namespace pare {

// What stands there now.
struct NewHead {
  std::string name;  // of the operator with the new weights
  int64_t classes_before = 0;
};

// The last operator with weights, fully connected or a convolution with a 1x1 window, gets `classes` outputs, weights by Glorot's rule and
// a bias of zeros; what stands behind it (softmax, reshaping, pooling) follows. A sigmoid behind a single output becomes a softmax over
// several. Everything else stays, also what a Keras file needs to be written again. Unsupported, with what was found: several
// outputs, quantised tensors, another end.
Expected<NewHead> put_new_head(Model& model, int64_t classes, uint64_t seed);

}  // namespace pare
