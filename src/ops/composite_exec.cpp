#include "engine/kernel.h"

namespace pare {

// Has no kernel: the decomposition takes its place before the graph is compiled.
ImplementationList exec_composite() { return {}; }

}  // namespace pare
