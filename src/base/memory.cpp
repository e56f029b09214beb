#include "base/memory.h"

#include <unistd.h>

namespace pare {

uint64_t physical_memory() {
  static const uint64_t bytes =
      static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGE_SIZE));
  return bytes;
}

}  // namespace pare
