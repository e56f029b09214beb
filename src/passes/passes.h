// The passes as functions; see all_passes.inc for what each does, and its file for how.
#pragma once

#include "passes/pass.h"

namespace pare {

#define PARE_PASS(name, summary) Expected<size_t> name(Graph& graph, const Evaluator& evaluate);
#include "passes/all_passes.inc"
#undef PARE_PASS

}  // namespace pare
