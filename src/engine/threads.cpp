#include "engine/threads.h"

#include <omp.h>

#include "base/parallel.h"

namespace pare {

KernelThreads::KernelThreads(int threads) : former_(omp_get_max_threads()) {
  if (former_ != threads) omp_set_num_threads(threads);
  flush_denormals();
}

KernelThreads::~KernelThreads() {
  if (omp_get_max_threads() != former_) omp_set_num_threads(former_);
}

}  // namespace pare
