#include <cmath>

#include "engine/fixed_point_functions.h"
#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/checks.h"
#include "ops/normalization.h"

namespace pare {
namespace {

Expected<std::unique_ptr<Kernel>> create_l2(const KernelRequest& request) {
  const int64_t depth = request.shape(0)[-1], elements = request.shape(0).elements();
  const Activation activation = request.node.attrs<L2NormalizationAttributes>().activation;
  return make_in_place_kernel([depth, elements, activation](const Buffers& buffers) {
    for (int64_t first = 0; first < elements; first += depth) {
      const float* src = buffers.src<float>() + first;
      float* dst = buffers.dst<float>() + first;
      float sum = 0;
      for (int64_t i = 0; i < depth; ++i) sum += src[i] * src[i];
      const float length = std::max(std::sqrt(sum), 1e-6f);
      for (int64_t i = 0; i < depth; ++i) dst[i] = activate(src[i] / length, activation);
    }
  });
}

std::string declines_eight_bits(const KernelRequest& request) {
  const TensorType &src = request.type(0), &dst = request.result_type();
  if (src.dtype != DType::Int8 && src.dtype != DType::UInt8) return "src is not i8 or u8";
  if (dst.dtype != src.dtype || !src.is_quantized() || !dst.is_quantized())
    return "src and dst must be quantised with the same type";
  if (request.shape(0)[-1] >= (1 << 15)) return "more than 32767 elements in a row";
  return request.node.attrs<L2NormalizationAttributes>().activation == Activation::None ? "" : "a fused activation";
}

// The result has the scale 1/128 and the zero point in the middle of its range.
template <class T>
std::unique_ptr<Kernel> eight_bit_l2(const KernelRequest& request) {
  const int64_t depth = request.shape(0)[-1], elements = request.shape(0).elements();
  const auto src_zero = static_cast<int32_t>(request.type(0).quantization->zero_point());
  return make_kernel([depth, elements, src_zero](const Buffers& buffers) {
    constexpr int32_t kLowest = std::numeric_limits<T>::lowest(), kHighest = std::numeric_limits<T>::max(),
                      kZero = kLowest + 128;
    for (int64_t first = 0; first < elements; first += depth) {
      const T* src = buffers.src<T>() + first;
      T* dst = buffers.dst<T>() + first;
      int32_t sum = 0;
      for (int64_t i = 0; i < depth; ++i) sum += (src[i] - src_zero) * (src[i] - src_zero);
      const FixedMultiplier inverse = inverse_square_root(sum);
      for (int64_t i = 0; i < depth; ++i) {
        const int32_t difference = src[i] - src_zero;
        // TFLite multiplies by 128 through the shift for int8, ahead of the product for uint8; the roundings differ.
        const int32_t scaled = std::is_signed_v<T> ? multiply(difference, {inverse.multiplier, inverse.shift + 7})
                                                   : multiply(128 * difference, inverse);
        dst[i] = static_cast<T>(std::clamp(kZero + scaled, kLowest, kHighest));
      }
    }
  });
}

Expected<std::unique_ptr<Kernel>> create_eight_bit_l2(const KernelRequest& request) {
  return request.dtype() == DType::Int8 ? eight_bit_l2<int8_t>(request) : eight_bit_l2<uint8_t>(request);
}

Expected<std::unique_ptr<Kernel>> create_batch(const KernelRequest& request) {
  const int64_t channels = request.shape(0)[-1], elements = request.shape(0).elements();
  const float epsilon = request.node.attrs<BatchNormalizationAttributes>().epsilon;
  return make_in_place_kernel([channels, elements, epsilon](const Buffers& buffers) {
    const float *src = buffers.src<float>(0), *gamma = buffers.src<float>(1), *beta = buffers.src<float>(2);
    const float *mean = buffers.src<float>(3), *variance = buffers.src<float>(4);
    float* dst = buffers.dst<float>();
    for (int64_t i = 0; i < elements; ++i) {
      const int64_t c = i % channels;
      const float factor = (gamma != nullptr ? gamma[c] : 1.f) / std::sqrt(variance[c] + epsilon);
      dst[i] = (src[i] - mean[c]) * factor + (beta != nullptr ? beta[c] : 0.f);
    }
  });
}

struct Moments {
  double mean, variance;
};

// Of `count` values that value(i) gives. Two passes, so that a large mean does not swallow the variance.
template <class Value>
Moments moments(int64_t count, Value value) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i) sum += value(i);
  const double mean = sum / static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) squares += (value(i) - mean) * (value(i) - mean);
  return {mean, squares / static_cast<double>(count)};
}

Expected<std::unique_ptr<Kernel>> create_layer(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<LayerNormalizationAttributes>();
  const Shape& shape = request.shape(0);
  PARE_ASSIGN(const int axis, check_axis(attributes.axis, shape.rank()));
  const int64_t depth = shape.elements(axis, shape.rank()), elements = shape.elements();
  return make_in_place_kernel([depth, elements, epsilon = attributes.epsilon](const Buffers& buffers) {
    const float *gamma = buffers.src<float>(1), *beta = buffers.src<float>(2);
    for (int64_t first = 0; first < elements; first += depth) {
      const float* src = buffers.src<float>() + first;
      float* dst = buffers.dst<float>() + first;
      const Moments m = moments(depth, [src](int64_t i) { return static_cast<double>(src[i]); });
      const double factor = 1 / std::sqrt(m.variance + epsilon);
      for (int64_t i = 0; i < depth; ++i)
        dst[i] = static_cast<float>((src[i] - m.mean) * factor) * (gamma != nullptr ? gamma[i] : 1.f) +
                 (beta != nullptr ? beta[i] : 0.f);
    }
  });
}

Expected<std::unique_ptr<Kernel>> create_group(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<GroupNormalizationAttributes>();
  const Shape& shape = request.shape(0);
  const int64_t batch = shape[0], channels = shape[-1], pixels = shape.elements(1, shape.rank() - 1);
  return make_in_place_kernel([=, groups = attributes.groups, epsilon = attributes.epsilon](const Buffers& buffers) {
    const float *gamma = buffers.src<float>(1), *beta = buffers.src<float>(2);
    const int64_t width = channels / groups;  // channels of a group
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t group = 0; group < groups; ++group) {
        const auto at = [&](int64_t i) { return (n * pixels + i / width) * channels + group * width + i % width; };
        const float* src = buffers.src<float>();
        float* dst = buffers.dst<float>();
        const Moments m = moments(pixels * width, [&](int64_t i) { return static_cast<double>(src[at(i)]); });
        const double factor = 1 / std::sqrt(m.variance + epsilon);
        for (int64_t i = 0; i < pixels * width; ++i) {
          const int64_t c = group * width + i % width;
          dst[at(i)] = static_cast<float>((src[at(i)] - m.mean) * factor) * (gamma != nullptr ? gamma[c] : 1.f) +
                       (beta != nullptr ? beta[c] : 0.f);
        }
      }
  });
}

}  // namespace

ImplementationList exec_l2_normalization() {
  return {{"plain", declines_non_float, create_l2}, {"8 bits", declines_eight_bits, create_eight_bit_l2}};
}
ImplementationList exec_batch_normalization() { return {{"plain", declines_non_float, create_batch}}; }
ImplementationList exec_layer_normalization() { return {{"plain", declines_non_float, create_layer}}; }
ImplementationList exec_group_normalization() { return {{"plain", declines_non_float, create_group}}; }

}  // namespace pare
