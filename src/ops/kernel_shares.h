// Kernels whose elements are independent of each other: threads share them out in contiguous stretches.
#pragma once

#include "engine/kernel.h"

namespace pare {

// function(buffers, begin, end) computes elements [begin, end) of `count`; result 0 may lie in the memory of operand 0.
template <class Function>
class SharedKernel final : public Kernel {
 public:
  SharedKernel(int64_t count, Function function) : count_(count), function_(std::move(function)) {}
  void run(const Buffers& buffers) const override { run_share(buffers, {}); }
  void run_share(const Buffers& buffers, Share share) const override {
    function_(buffers, share.begin(count_), share.end(count_));
  }
  bool in_place(size_t operand) const override { return operand == 0; }

 private:
  int64_t count_;
  Function function_;
};

template <class Function>
Expected<std::unique_ptr<Kernel>> make_shared_kernel(int64_t count, Function function) {
  return std::make_unique<SharedKernel<Function>>(count, std::move(function));
}

}  // namespace pare
