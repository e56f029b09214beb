#include "passes/passes.h"

namespace pare {

Expected<size_t> remove_dead(Graph& graph, const Evaluator&) { return graph.remove_dead(); }

}  // namespace pare
