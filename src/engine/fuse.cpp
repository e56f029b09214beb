#include "engine/fuse.h"

namespace pare {

void fuse_for_engine(Graph& graph) { graph.remove_dead(); }

}  // namespace pare
