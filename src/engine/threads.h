// The number of threads that oneDNN and our own kernels use inside one operator, for the calling thread, for a while.
#pragma once

#include <atomic>
#include <functional>

namespace pare {

// Sets the calling thread's count (and flushes denormals); the former count comes back at the end of the scope. oneDNN fixes its
// share of work when a primitive is created, so compiling and running must see the same count.
class KernelThreads {
 public:
  explicit KernelThreads(int threads);
  ~KernelThreads();
  KernelThreads(const KernelThreads&) = delete;
  KernelThreads& operator=(const KernelThreads&) = delete;

 private:
  int former_;
};

// A barrier for a few threads that all run, a few hundred nanoseconds apart: it spins before it yields.
class SpinBarrier {
 public:
  // Returns when `count` threads have called.
  void wait(int count);

 private:
  std::atomic<int> arrived_ = 0;
  std::atomic<unsigned> generation_ = 0;
};

// Calls body(share, shares) in up to `threads` threads at once. The body may wait on barriers for all shares; it must not throw.
void run_team(int threads, const std::function<void(int share, int shares)>& body);

}  // namespace pare
