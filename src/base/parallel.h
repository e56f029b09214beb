// Loops over several cores. OpenMP underneath, the runtime that oneDNN uses too, so that there is one set of threads.
#pragma once

#include <cstdint>
#include <functional>

#include "base/error.h"

namespace pare {

// Cores that this process may use.
int available_threads();

// Flushes denormal numbers to zero in the calling thread: they make single layers 20 to 40 times slower.
void flush_denormals();

// Calls body(begin, end) on contiguous shares of [0, count), one a thread, `threads` of them at most. Shares are a fixed
// function of count and threads. An exception in a share is rethrown here once all shares ended.
void parallel_for(int64_t count, int threads, const std::function<void(int64_t begin, int64_t end)>& body);

// For work that can fail: calls body(index, thread) for each index in [0, count), dealt to the threads in turn whatever their speed:
// thread t gets t, t + threads, ... After a failure no index begins any more; of several failures the one of the lowest index is given.
Expected<void> try_parallel_for(int64_t count, int threads,
                                const std::function<Expected<void>(int64_t index, int thread)>& body);

}  // namespace pare
