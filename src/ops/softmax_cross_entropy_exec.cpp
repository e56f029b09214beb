#include <algorithm>
#include <cmath>

#include "engine/kernel.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) {
  if (request.shape(0)[1] == 0) return "there are no classes";
  return declines_non_float(request);
}

// One sample; gives its loss.
float cross_entropy(const float* logits, const float* targets, int64_t classes, float* dlogits) {
  const float largest = *std::max_element(logits, logits + classes);
  float sum = 0, weight = 0, agreement = 0;
  for (int64_t c = 0; c < classes; ++c) {
    dlogits[c] = std::exp(logits[c] - largest);
    sum += dlogits[c];
    weight += targets[c];
    agreement += targets[c] * (logits[c] - largest);
  }
  for (int64_t c = 0; c < classes; ++c) dlogits[c] = dlogits[c] / sum * weight - targets[c];
  return weight * std::log(sum) - agreement;
}

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return make_kernel([rows = request.shape(0)[0], classes = request.shape(0)[1]](const Buffers& buffers) {
    for (int64_t row = 0; row < rows; ++row)
      buffers.dst<float>(0)[row] =
          cross_entropy(buffers.src<float>(0) + row * classes, buffers.src<float>(1) + row * classes, classes,
                        buffers.dst<float>(1) + row * classes);
  });
}

}  // namespace

ImplementationList exec_softmax_cross_entropy() { return {{"plain", declines, create}}; }

}  // namespace pare
