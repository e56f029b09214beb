// A plan as an extra of a model, so that it travels in a .pare file.
#pragma once

#include <optional>

#include "base/error.h"
#include "ir/model.h"
#include "quant/plan.h"

namespace pare {

inline constexpr const char* kPlanExtra = "quantization_plan";

// JSON with the members of QuantPlan; scales come back to the bit.
void store_plan(const QuantPlan& plan, Model& model);

// The plan that was stored; nothing where there is none, BadInput for a damaged one. That it fits a graph is for its user to check.
Expected<std::optional<QuantPlan>> stored_plan(const Model& model);

}  // namespace pare
