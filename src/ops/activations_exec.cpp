#include <algorithm>

#include "engine/kernel.h"

namespace pare {
namespace {

std::string declines_float(const KernelRequest& request) { return request.all_float() ? "" : "operands are not all float32"; }

Expected<std::unique_ptr<Kernel>> create_float(const KernelRequest& request) {
  return make_in_place_kernel([count = request.shape(0).elements()](const Buffers& buffers) {
    const float* src = buffers.src<float>();
    float* dst = buffers.dst<float>();
    for (int64_t i = 0; i < count; ++i) dst[i] = std::max(src[i], 0.f);
  });
}

}  // namespace

ImplementationList exec_relu() { return {{"plain", declines_float, create_float}}; }

}  // namespace pare
