// The number of threads that oneDNN and our own kernels use inside one operator, for the calling thread, for a while.
#pragma once

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

}  // namespace pare
