// What the course of a run of training hangs on, so that a run is only taken up again as what it was.
#pragma once

#include <string>

#include "steps/train.h"

namespace pare {

// JSON, a name a setting. `run` knows the loss, the counts of samples and what is distilled; `teacher` is its fingerprint.
std::string settings_of(const TrainOptions& options, const TrainResult& run, const std::string& teacher);

}  // namespace pare
