// What the AVX-512 kernels of operators with weights (operand 1) have in common.
#pragma once

#include <string>
#include <vector>

#include "engine/avx512/product.h"
#include "ops/weighted_kernels.h"

namespace pare {

// Why such a kernel does not serve, or an empty string. `activation` is the one fused into the operator.
// The first does not ask for constant weights.
std::string declines_avx512_f32(const KernelRequest& request, Activation activation);
std::string declines_avx512_weighted_f32(const KernelRequest& request, Activation activation);
std::string declines_avx512_weighted_i8(const KernelRequest& request, Activation activation);
// Float activations, int8 weights.
std::string declines_avx512_weighted_dynamic(const KernelRequest& request, Activation activation);

// The range of one sample that is quantised while running.
DynamicRange dynamic_range(const float* sample, int64_t count, DynamicForm form);

// One scale for each output channel, repeated where the weights have a single one.
std::vector<float> scales_by_channel(const TensorType& weights, int64_t channels);

// int8 weights [n][run_count * run_length] for rows that are quantised while running.
class DynamicWeights {
 public:
  DynamicWeights(const KernelRequest& request, int64_t run_count, int64_t run_length, Activation activation);

  const avx512::PackedI8& packed() const { return packed_; }
  // For rows of this range; `bias` may be null.
  avx512::EpilogueDynamic epilogue(const DynamicRange& rows, const float* bias) const;

 private:
  avx512::PackedI8 packed_;
  std::vector<int32_t> sums_;
  std::vector<float> scales_;
  RealRange range_;
};

}  // namespace pare
