// The state of a training beside the model that is trained, so that it travels in a .pare file.
#pragma once

#include <optional>
#include <string>

#include "ir/model.h"
#include "train/fit.h"

namespace pare {

// `settings` is JSON: what the run hangs on, compared when it is taken up again. `layout` names the tensors of the state.
void store_training(const FitState& state, const std::vector<CarriedTensor>& layout, const std::string& settings,
                    Model& model);

// Takes the state out again: a model that is trained anew has nothing of an earlier run.
void drop_training(Model& model);

// The state that was stored. BadInput for a model without one, for damage, and for a run with other settings: the message names the
// first that differs.
Expected<FitState> stored_training(const Model& model, const std::vector<CarriedTensor>& layout,
                                   const std::string& settings);

}  // namespace pare
