// Kernels whose elements are independent of each other: threads share them out in contiguous stretches.
#pragma once

#include "engine/kernel.h"

namespace pare {

// The operands in whose memory result 0 may lie.
enum class InPlace { First, All, None };

// function(buffers, begin, end) computes elements [begin, end) of `count`.
template <class Function>
class SharedKernel final : public SharedWork {
 public:
  SharedKernel(int64_t count, Function function, InPlace in_place)
      : count_(count), function_(std::move(function)), in_place_(in_place) {}
  void run_share(const Buffers& buffers, Share share) const override {
    function_(buffers, share.begin(count_), share.end(count_));
  }
  bool in_place(size_t operand) const override {
    return in_place_ == InPlace::All || (in_place_ == InPlace::First && operand == 0);
  }

 private:
  int64_t count_;
  Function function_;
  InPlace in_place_;
};

template <class Function>
std::unique_ptr<Kernel> make_shared_kernel(int64_t count, Function function, InPlace in_place = InPlace::First) {
  return std::make_unique<SharedKernel<Function>>(count, std::move(function), in_place);
}

}  // namespace pare
