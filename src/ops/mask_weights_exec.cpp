#include "ops/kernel_shares.h"

namespace pare {
namespace {

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return make_shared_kernel(request.shape(0).elements(), [](const Buffers& buffers, int64_t begin, int64_t end) {
    const float *src = buffers.src<float>(), *mask = buffers.src<float>(1);
    float* dst = buffers.dst<float>();
    for (int64_t i = begin; i < end; ++i) dst[i] = mask[i] == 0 ? 0 : src[i];
  });
}

}  // namespace

ImplementationList exec_mask_weights() { return {{"plain", declines_non_float, create}}; }

}  // namespace pare
