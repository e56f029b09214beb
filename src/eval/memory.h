// Memory of this process.
#pragma once

#include <cstdint>

namespace pare {

// The largest resident set so far, in bytes; 0 where the system does not say.
int64_t peak_rss_bytes();

// Begins to count the peak anew, from what is in use now. False where the system does not allow it.
bool reset_peak_rss();

}  // namespace pare
