#include "ops/cluster_weights.h"

#include <algorithm>

#include "ops/kernel_shares.h"
#include "ops/slices.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) {
  for (size_t i = 0; i < request.node.operands.size(); ++i)
    if (i != 2 && request.node.operands[i] != nullptr && request.dtype(i) != DType::Float32)
      return "operands are not float32";
  return "";
}

Slices slices_of(const KernelRequest& request) {
  const Value* scales = request.node.operand(3);
  return {request.shape(0), request.node.attrs<ClusterWeightsAttributes>().axis,
          scales == nullptr ? 1 : scales->type.shape.elements()};
}

float scale_of(const float* scales, int64_t slice) { return scales == nullptr ? 1.f : scales[slice]; }

// Threads share out the weights that lie together.
Expected<std::unique_ptr<Kernel>> create_forward(const KernelRequest& request) {
  const Slices slices = slices_of(request);
  const bool is_whole = slices.outer * slices.count == 1;
  return make_shared_kernel(
      is_whole ? slices.inner : slices.outer * slices.count,
      [slices, is_whole, count = request.shape(1).elements()](const Buffers& buffers, int64_t begin, int64_t end) {
        const float *centroids = buffers.src<float>(1), *scales = buffers.src<float>(3);
        const int32_t* codes = buffers.src<int32_t>(2);
        float* dst = buffers.dst<float>();
        const auto look_up = [&](int64_t from, int64_t to, float scale) {
          for (int64_t i = from; i < to; ++i)
            dst[i] = codes[i] >= 0 && codes[i] < count ? scale * centroids[codes[i]] : 0.f;
        };
        if (is_whole) return look_up(begin, end, scale_of(scales, 0));
        for (int64_t run = begin; run < end; ++run)
          look_up(run * slices.inner, (run + 1) * slices.inner, scale_of(scales, run % slices.count));
      });
}

// One thread adds up, in the order of the weights: the sum does not hang on the number of threads.
Expected<std::unique_ptr<Kernel>> create_backward(const KernelRequest& request) {
  const Slices slices = slices_of(request);
  const int64_t count = request.shape(1).elements();
  const bool mean = request.node.attrs<ClusterWeightsAttributes>().gradient == CentroidGradient::Mean;
  return make_kernel(
      [slices, count, mean](const Buffers& buffers) {
        const float *ddst = buffers.src<float>(0), *scales = buffers.src<float>(3);
        const int32_t* codes = buffers.src<int32_t>(2);
        float *sums = buffers.dst<float>(), *members = buffers.scratch_of<float>({});
        std::fill_n(sums, count, 0.f);
        std::fill_n(members, count, 0.f);
        for (int64_t run = 0, i = 0; run < slices.outer * slices.count; ++run) {
          const float scale = scale_of(scales, run % slices.count);
          for (const int64_t end = i + slices.inner; i < end; ++i) {
            if (codes[i] < 0 || codes[i] >= count) continue;
            sums[codes[i]] += scale * ddst[i];
            members[codes[i]] += 1;
          }
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
