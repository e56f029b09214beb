#include <cmath>

#include "base/vectorised.h"
#include "ops/kernel_shares.h"
#include "ops/updates.h"

namespace pare {
namespace {

template <class Function>
Expected<std::unique_ptr<Kernel>> update(const KernelRequest& request, Function function) {
  return make_shared_kernel(request.shape(0).elements(), std::move(function));
}

PARE_VECTORISED void sgd(const SgdAttributes& a, float rate, const float* weights, const float* gradient,
                         const float* velocity, int64_t count, float* new_weights, float* new_velocity) {
  const float kept = 1 - rate * a.decay, momentum = a.momentum;
  const float by_velocity = a.nesterov ? momentum : 1, by_step = a.nesterov ? 1 : 0;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float step = rate * gradient[i], v = momentum * velocity[i] - step;
    new_weights[i] = weights[i] * kept + (by_velocity * v - by_step * step);
    new_velocity[i] = v;
  }
}

PARE_VECTORISED void adam(const AdamAttributes& attributes, float rate, float step, const float* weights,
                          const float* gradient, const float* m, const float* v, int64_t count, float* new_weights,
                          float* new_m, float* new_v) {
  const AdamAttributes a = attributes;  // so that no store can change it
  const float kept = 1 - rate * a.decay;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float g = gradient[i], first = a.beta_1 * m[i] + (1 - a.beta_1) * g,
                second = a.beta_2 * v[i] + (1 - a.beta_2) * g * g;
    new_weights[i] = weights[i] * kept - step * first / (std::sqrt(second) + a.epsilon);
    new_m[i] = first;
    new_v[i] = second;
  }
}

PARE_VECTORISED void rmsprop(const RmspropAttributes& attributes, float rate, const float* weights,
                             const float* gradient, const float* square, const float* velocity, int64_t count,
                             float* new_weights, float* new_square, float* new_velocity) {
  const RmspropAttributes a = attributes;
  const float kept = 1 - rate * a.decay;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float g = gradient[i], s = a.rho * square[i] + (1 - a.rho) * g * g,
                v = a.momentum * velocity[i] + rate * g / std::sqrt(s + a.epsilon);
    new_weights[i] = weights[i] * kept - v;
    new_square[i] = s;
    new_velocity[i] = v;
  }
}

Expected<std::unique_ptr<Kernel>> create_sgd(const KernelRequest& request) {
  return update(request, [a = request.node.attrs<SgdAttributes>()](const Buffers& b, int64_t begin, int64_t end) {
    sgd(a, *b.src<float>(3), b.src<float>(0) + begin, b.src<float>(1) + begin, b.src<float>(2) + begin, end - begin,
        b.dst<float>(0) + begin, b.dst<float>(1) + begin);
  });
}

Expected<std::unique_ptr<Kernel>> create_adam(const KernelRequest& request) {
  return update(request, [a = request.node.attrs<AdamAttributes>()](const Buffers& b, int64_t begin, int64_t end) {
    adam(a, *b.src<float>(4), *b.src<float>(5), b.src<float>(0) + begin, b.src<float>(1) + begin,
         b.src<float>(2) + begin, b.src<float>(3) + begin, end - begin, b.dst<float>(0) + begin,
         b.dst<float>(1) + begin, b.dst<float>(2) + begin);
  });
}

Expected<std::unique_ptr<Kernel>> create_rmsprop(const KernelRequest& request) {
  return update(request, [a = request.node.attrs<RmspropAttributes>()](const Buffers& b, int64_t begin, int64_t end) {
    rmsprop(a, *b.src<float>(4), b.src<float>(0) + begin, b.src<float>(1) + begin, b.src<float>(2) + begin,
            b.src<float>(3) + begin, end - begin, b.dst<float>(0) + begin, b.dst<float>(1) + begin,
            b.dst<float>(2) + begin);
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

ImplementationList exec_sgd_update() { return {{"plain", declines_non_float, create_sgd}}; }
ImplementationList exec_adam_update() { return {{"plain", declines_non_float, create_adam}}; }
ImplementationList exec_rmsprop_update() { return {{"plain", declines_non_float, create_rmsprop}}; }
ImplementationList exec_moving_average() { return {{"plain", declines_non_float, create_average}}; }

}  // namespace pare
