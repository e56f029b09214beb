// Where batches of samples come from, seen by those who run networks over them (calibration, evaluation).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"

namespace pare {

struct SampleSource {
  int64_t count = 0;  // samples there are
  // The inputs of samples [first, first + size), one tensor for each input of the network with the batch in front. May be called
  // by several threads at once; nothing beyond the asked batch need stay in memory.
  std::function<Expected<std::vector<Tensor>>(int64_t first, int64_t size)> read;
};

}  // namespace pare
