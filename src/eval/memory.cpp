#include "eval/memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace pare {

int64_t peak_rss_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmHWM:") continue;
    int64_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

bool reset_peak_rss() {
#if defined(__GLIBC__)
  ::malloc_trim(0);  // what was freed counts as used until it is given back
#endif
  std::ofstream references("/proc/self/clear_refs");
  references << "5";  // resets VmHWM, see proc(5)
  references.flush();
  return references.good();
}

}  // namespace pare
