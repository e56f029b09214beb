// What memory this computer has.
#pragma once

#include <cstdint>

namespace pare {

// Bytes of main memory. Tensors and arenas that are larger fail at once (std::bad_alloc): the system itself would often agree and end
// the process once it is used.
uint64_t physical_memory();

}  // namespace pare
