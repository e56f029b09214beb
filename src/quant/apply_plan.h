// Carries out a plan: the network with quantised constants and with conversions where number systems meet.
#pragma once

#include "ir/model.h"
#include "quant/plan.h"

namespace pare {

// Rewrites the graph that the plan was made for. Inputs and outputs stay the same values, with the type that the plan asks for.
Expected<void> apply_plan(Graph& graph, const QuantPlan& plan);

}  // namespace pare
