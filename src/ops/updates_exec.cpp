#include <cmath>

#include "ops/kernel_shares.h"
#include "ops/updates.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return request.all_float() ? "" : "operands are not all float32"; }

template <class Function>
Expected<std::unique_ptr<Kernel>> update(const KernelRequest& request, Function function) {
  return make_shared_kernel(request.shape(0).elements(), std::move(function));
}

Expected<std::unique_ptr<Kernel>> create_sgd(const KernelRequest& request) {
  return update(request, [a = request.node.attrs<SgdAttributes>()](const Buffers& buffers, int64_t begin, int64_t end) {
    const float *weights = buffers.src<float>(0), *gradient = buffers.src<float>(1), *velocity = buffers.src<float>(2);
    const float rate = *buffers.src<float>(3), kept = 1 - rate * a.decay;
    float *new_weights = buffers.dst<float>(0), *new_velocity = buffers.dst<float>(1);
    for (int64_t i = begin; i < end; ++i) {
      const float step = rate * gradient[i], v = a.momentum * velocity[i] - step;
      new_weights[i] = weights[i] * kept + (a.nesterov ? a.momentum * v - step : v);
      new_velocity[i] = v;
    }
  });
}

Expected<std::unique_ptr<Kernel>> create_adam(const KernelRequest& request) {
  return update(
      request, [a = request.node.attrs<AdamAttributes>()](const Buffers& buffers, int64_t begin, int64_t end) {
        const float *weights = buffers.src<float>(0), *gradient = buffers.src<float>(1), *m = buffers.src<float>(2),
                    *v = buffers.src<float>(3);
        const float kept = 1 - *buffers.src<float>(4) * a.decay, step = *buffers.src<float>(5);
        float *new_weights = buffers.dst<float>(0), *new_m = buffers.dst<float>(1), *new_v = buffers.dst<float>(2);
        for (int64_t i = begin; i < end; ++i) {
          const float g = gradient[i], first = a.beta_1 * m[i] + (1 - a.beta_1) * g,
                      second = a.beta_2 * v[i] + (1 - a.beta_2) * g * g;
          new_weights[i] = weights[i] * kept - step * first / (std::sqrt(second) + a.epsilon);
          new_m[i] = first;
          new_v[i] = second;
        }
      });
}

Expected<std::unique_ptr<Kernel>> create_rmsprop(const KernelRequest& request) {
  return update(request,
                [a = request.node.attrs<RmspropAttributes>()](const Buffers& buffers, int64_t begin, int64_t end) {
                  const float *weights = buffers.src<float>(0), *gradient = buffers.src<float>(1),
                              *square = buffers.src<float>(2), *velocity = buffers.src<float>(3);
                  const float rate = *buffers.src<float>(4), kept = 1 - rate * a.decay;
                  float *new_weights = buffers.dst<float>(0), *new_square = buffers.dst<float>(1),
                        *new_velocity = buffers.dst<float>(2);
                  for (int64_t i = begin; i < end; ++i) {
                    const float g = gradient[i], s = a.rho * square[i] + (1 - a.rho) * g * g,
                                v = a.momentum * velocity[i] + rate * g / std::sqrt(s + a.epsilon);
                    new_weights[i] = weights[i] * kept - v;
                    new_square[i] = s;
                    new_velocity[i] = v;
                  }
                });
}

Expected<std::unique_ptr<Kernel>> create_average(const KernelRequest& request) {
  return update(request, [fixed = request.node.attrs<MovingAverageAttributes>().momentum, given = request.has(2)](
                             const Buffers& buffers, int64_t begin, int64_t end) {
    const float *average = buffers.src<float>(0), *value = buffers.src<float>(1);
    const float momentum = given ? *buffers.src<float>(2) : fixed;
    float* dst = buffers.dst<float>();
    for (int64_t i = begin; i < end; ++i) dst[i] = momentum * average[i] + (1 - momentum) * value[i];
  });
}

}  // namespace

ImplementationList exec_sgd_update() { return {{"plain", declines, create_sgd}}; }
ImplementationList exec_adam_update() { return {{"plain", declines, create_adam}}; }
ImplementationList exec_rmsprop_update() { return {{"plain", declines, create_rmsprop}}; }
ImplementationList exec_moving_average() { return {{"plain", declines, create_average}}; }

}  // namespace pare
