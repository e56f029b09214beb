#include "ops/cluster_weights.h"

#include <algorithm>

#include "ops/kernel_shares.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) {
  const bool floats = request.dtype(0) == DType::Float32 && request.dtype(1) == DType::Float32;
  return floats ? "" : "operands are not float32";
}

Expected<std::unique_ptr<Kernel>> create_forward(const KernelRequest& request) {
  return make_shared_kernel(request.shape(0).elements(),
                            [count = request.shape(1).elements()](const Buffers& buffers, int64_t begin, int64_t end) {
                              const float* centroids = buffers.src<float>(1);
                              const int32_t* codes = buffers.src<int32_t>(2);
                              float* dst = buffers.dst<float>();
                              for (int64_t i = begin; i < end; ++i)
                                dst[i] = codes[i] >= 0 && codes[i] < count ? centroids[codes[i]] : 0.f;
                            });
}

// One thread adds up, in the order of the weights: the sum does not hang on the number of threads.
Expected<std::unique_ptr<Kernel>> create_backward(const KernelRequest& request) {
  const int64_t weights = request.shape(0).elements(), count = request.shape(1).elements();
  const bool mean = request.node.attrs<ClusterWeightsAttributes>().gradient == CentroidGradient::Mean;
  return make_kernel(
      [weights, count, mean](const Buffers& buffers) {
        const float* ddst = buffers.src<float>(0);
        const int32_t* codes = buffers.src<int32_t>(2);
        float *sums = buffers.dst<float>(), *members = buffers.scratch_of<float>({});
        std::fill_n(sums, count, 0.f);
        std::fill_n(members, count, 0.f);
        for (int64_t i = 0; i < weights; ++i) {
          if (codes[i] < 0 || codes[i] >= count) continue;
          sums[codes[i]] += ddst[i];
          members[codes[i]] += 1;
        }
        if (!mean) return;
        for (int64_t k = 0; k < count; ++k) sums[k] /= std::max(members[k], 1.f);
      },
      static_cast<size_t>(count) * sizeof(float));
}

}  // namespace

ImplementationList exec_cluster_weights() { return {{"plain", declines, create_forward}}; }
ImplementationList exec_cluster_weights_backward() { return {{"plain", declines, create_backward}}; }

}  // namespace pare
