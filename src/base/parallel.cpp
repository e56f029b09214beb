#include "base/parallel.h"

#include <omp.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

namespace pare {

int available_threads() { return omp_get_num_procs(); }

void flush_denormals() {
#if defined(__SSE__)
  constexpr unsigned kFlushToZeroAndDenormalsAreZero = 0x8040;
  _mm_setcsr(_mm_getcsr() | kFlushToZeroAndDenormalsAreZero);
#endif
}

void parallel_for(int64_t count, int threads, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t shares = std::min<int64_t>(count, std::max(threads, 1));
  if (shares <= 1) {
    if (count > 0) body(0, count);
    return;
  }
  std::exception_ptr failure;
#pragma omp parallel for num_threads(static_cast <int>(shares)) schedule(static, 1)
  for (int64_t share = 0; share < shares; ++share) {
    try {
      flush_denormals();
      body(count * share / shares, count * (share + 1) / shares);
    } catch (...) {
#pragma omp critical(pare_parallel_for)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

Expected<void> try_parallel_for(int64_t count, int threads, const std::function<Expected<void>(int64_t, int)>& body) {
  const int64_t shares = std::min<int64_t>(count, std::max(threads, 1));
  std::mutex mutex;
  std::atomic<bool> failed = false;
  int64_t failed_index = count;
  Error failure;
  parallel_for(shares, static_cast<int>(shares), [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; ++thread)
      for (int64_t index = thread; index < count && !failed; index += shares) {
        const auto done = body(index, static_cast<int>(thread));
        if (done) continue;
        const std::lock_guard lock(mutex);
        failed = true;
        if (index > failed_index) continue;
        failed_index = index;
        failure = done.error();
      }
  });
  if (failed) return Failure(failure);
  return {};
}

}  // namespace pare
