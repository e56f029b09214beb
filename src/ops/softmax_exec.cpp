#include <cmath>
#include <algorithm>

#include "engine/kernel.h"
#include "ops/softmax.h"

namespace pare {
namespace {

// Rows of `depth` neighbouring elements.
struct Rows {
  explicit Rows(const KernelRequest& request) : depth(request.shape(0)[-1]), count(depth == 0 ? 0 : request.shape(0).elements() / depth) {}
  int64_t depth, count;
};

std::string declines_float(const KernelRequest& request) { return request.all_float() ? "" : "operands are not all float32"; }

Expected<std::unique_ptr<Kernel>> create_float_softmax(const KernelRequest& request) {
  const float beta = request.node.attrs<SoftmaxAttributes>().beta;
  return make_in_place_kernel([rows = Rows(request), beta](const Buffers& buffers) {
    for (int64_t row = 0; row < rows.count; ++row) {
      const float* src = buffers.src<float>() + row * rows.depth;
      float* dst = buffers.dst<float>() + row * rows.depth;
      const float maximum = *std::max_element(src, src + rows.depth);
      float sum = 0;
      for (int64_t i = 0; i < rows.depth; ++i) sum += dst[i] = std::exp((src[i] - maximum) * beta);
      for (int64_t i = 0; i < rows.depth; ++i) dst[i] /= sum;
    }
  });
}

Expected<std::unique_ptr<Kernel>> create_float_log_softmax(const KernelRequest& request) {
  return make_in_place_kernel([rows = Rows(request)](const Buffers& buffers) {
    for (int64_t row = 0; row < rows.count; ++row) {
      const float* src = buffers.src<float>() + row * rows.depth;
      float* dst = buffers.dst<float>() + row * rows.depth;
      const float maximum = *std::max_element(src, src + rows.depth);
      float sum = 0;
      for (int64_t i = 0; i < rows.depth; ++i) sum += std::exp(src[i] - maximum);
      const float log_sum = std::log(sum);
      for (int64_t i = 0; i < rows.depth; ++i) dst[i] = src[i] - maximum - log_sum;
    }
  });
}

}  // namespace

ImplementationList exec_softmax() { return {{"plain", declines_float, create_float_softmax}}; }
ImplementationList exec_log_softmax() { return {{"plain", declines_float, create_float_log_softmax}}; }

}  // namespace pare
