#include "engine/threads.h"

#include <omp.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <thread>

#include "base/parallel.h"

namespace pare {

KernelThreads::KernelThreads(int threads) : former_(omp_get_max_threads()) {
  if (former_ != threads) omp_set_num_threads(threads);
  flush_denormals();
}

KernelThreads::~KernelThreads() {
  if (omp_get_max_threads() != former_) omp_set_num_threads(former_);
}

void SpinBarrier::wait(int count) {
  constexpr int kSpins = 4096;  // some ten microseconds; beyond that the other thread has lost its core
  const unsigned generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) == count - 1) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    return;
  }
  for (int spin = 0; generation_.load(std::memory_order_acquire) == generation; ++spin) {
    if (spin < kSpins) {
#if defined(__SSE__)
      _mm_pause();
#endif
    } else {
      std::this_thread::yield();
    }
  }
}

void run_team(int threads, const std::function<void(int, int)>& body) {
#pragma omp parallel num_threads(threads)
  {
    flush_denormals();
    body(omp_get_thread_num(), omp_get_num_threads());
  }
}

}  // namespace pare
