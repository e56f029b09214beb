// Plain kernels of the operators that are sums of products with weights: conv_2d, depthwise_conv_2d, transpose_conv and
// fully_connected. An operator brings its loops; float, integer and dynamic-range arithmetic are the same for all.
//
// Loops are a struct with
//   template <class Sum, class Src, class Weight, class Term, class Finish>
//   void run(const Src* src, const Weight* weights, Term term, Finish finish) const;
// that calls finish(output index, output channel, sum) for each output element of one sample, where each product of the sum is
// term(src value, weight), and with the members samples, src_elements and dst_elements (both of one sample). What one sample is
// decides what shares a range when activations are quantised at run time.
#pragma once

#include "engine/dynamic_quantization.h"
#include "engine/kernel.h"
#include "engine/requantize.h"
#include "ops/activation.h"

namespace pare {

// Operand positions.
struct WeightedOperands {
  size_t src, weights, bias;
};

std::string declines_weighted_float(const KernelRequest& request, WeightedOperands at);
std::string declines_weighted_integer(const KernelRequest& request, WeightedOperands at);
std::string declines_weighted_dynamic(const KernelRequest& request, WeightedOperands at);

// Weights of one byte each: those of the operand, or unpacked ones where it holds packed int4.
template <class Weight>
class ByteWeights {
 public:
  ByteWeights(const KernelRequest& request, size_t index) : index_(index) {
    if (request.dtype(index) == DType::Int4)
      unpacked_ = unpack_int4(request.operand(index)->data->bytes(), request.shape(index).elements());
  }
  const Weight* data(const Buffers& buffers) const {
    return unpacked_.empty() ? buffers.src<Weight>(index_) : reinterpret_cast<const Weight*>(unpacked_.data());
  }

 private:
  size_t index_;
  std::vector<int8_t> unpacked_;
};

template <class Loops>
std::unique_ptr<Kernel> create_weighted_float(WeightedOperands at, Activation activation, const Loops& loops) {
  return make_kernel([=](const Buffers& buffers) {
    const float* bias = buffers.src<float>(at.bias);
    for (int64_t n = 0; n < loops.samples; ++n) {
      float* dst = buffers.dst<float>() + n * loops.dst_elements;
      loops.template run<float>(
          buffers.src<float>(at.src) + n * loops.src_elements, buffers.src<float>(at.weights),
          [](float s, float w) { return s * w; },
          [&](int64_t i, int64_t o, float sum) {
            dst[i] = activate(sum + (bias != nullptr ? bias[o] : 0.f), activation);
          });
    }
  });
}

// Integers of given types. The bias has the type of the sum.
template <class Src, class Weight, class Sum, class Requantizer, class Loops>
std::unique_ptr<Kernel> create_weighted_typed(const KernelRequest& request, WeightedOperands at, Activation activation,
                                              const Loops& loops) {
  const TensorType &src_type = request.type(at.src), &weights_type = request.type(at.weights);
  const auto src_zero = static_cast<int32_t>(src_type.quantization->zero_point());
  const auto weights_zero =
      static_cast<int32_t>(weights_type.quantization->zero_points.front());  // 0 with a scale a channel
  return make_kernel(
      [=, weights = ByteWeights<Weight>(request, at.weights),
       requantize = Requantizer(src_type, weights_type, request.result_type(), activation)](const Buffers& buffers) {
        const Sum* bias = buffers.src<Sum>(at.bias);
        for (int64_t n = 0; n < loops.samples; ++n) {
          Src* dst = buffers.dst<Src>() + n * loops.dst_elements;
          loops.template run<Sum>(
              buffers.src<Src>(at.src) + n * loops.src_elements, weights.data(buffers),
              [src_zero, weights_zero](Src s, Weight w) {
                return (static_cast<int32_t>(s) - src_zero) * (static_cast<int32_t>(w) - weights_zero);
              },
              [&](int64_t i, int64_t o, Sum sum) {
                dst[i] = static_cast<Src>(requantize(static_cast<Sum>(sum + (bias != nullptr ? bias[o] : 0)), o));
              });
        }
      });
}

// Bit for bit what TFLite's reference kernels give.
template <class Requantizer, class Loops>
std::unique_ptr<Kernel> create_weighted_integer(const KernelRequest& request, WeightedOperands at,
                                                Activation activation, const Loops& loops) {
  if (request.dtype(at.src) == DType::Int8)
    return create_weighted_typed<int8_t, int8_t, int32_t, Requantizer>(request, at, activation, loops);
  if (request.dtype(at.src) == DType::UInt8)
    return create_weighted_typed<uint8_t, uint8_t, int32_t, Requantizer>(request, at, activation, loops);
  const bool narrow = request.has(at.bias) && request.dtype(at.bias) == DType::Int32;
  if (narrow) return create_weighted_typed<int16_t, int8_t, int32_t, Requantizer>(request, at, activation, loops);
  return create_weighted_typed<int16_t, int8_t, int64_t, Requantizer>(request, at, activation, loops);
}

// Float activations, int8 or int4 weights. How activations are quantised, and in which order TFLite multiplies a sum with the two
// scales: the products of floats differ in the last bit, and a later layer may round them to another integer.
struct DynamicForm {
  bool asymmetric = false;
  bool weights_scale_first = false;  // (sum * scale of the weights) * scale of src, else sum * (both)
};
// TFLite's conv_2d quantises src symmetrically where the weights have one scale, else with a zero point; its depthwise_conv_2d
// always with a zero point.
DynamicForm conv_2d_dynamic_form(const Quantization& weights);
inline constexpr DynamicForm kDepthwiseDynamicForm{.asymmetric = true};

template <class Loops>
std::unique_ptr<Kernel> create_weighted_dynamic(const KernelRequest& request, WeightedOperands at,
                                                Activation activation, DynamicForm form, const Loops& loops) {
  const auto scratch_bytes = static_cast<size_t>(loops.src_elements);
  return make_kernel(
      [=, weights = ByteWeights<int8_t>(request, at.weights),
       scales = request.type(at.weights).quantization->scales](const Buffers& buffers) {
        const float* bias = buffers.src<float>(at.bias);
        auto* codes = reinterpret_cast<int8_t*>(buffers.scratch);
        for (int64_t n = 0; n < loops.samples; ++n) {
          const float* src = buffers.src<float>(at.src) + n * loops.src_elements;
          float* dst = buffers.dst<float>() + n * loops.dst_elements;
          const DynamicRange range = form.asymmetric ? quantize_asymmetric(src, loops.src_elements, codes)
                                                     : quantize_symmetric(src, loops.src_elements, codes);
          loops.template run<int32_t>(
              codes, weights.data(buffers), [zero = range.zero_point](int8_t s, int8_t w) { return (s - zero) * w; },
              [&](int64_t i, int64_t o, int32_t sum) {
                const float scale = scales[scales.size() == 1 ? 0 : static_cast<size_t>(o)];
                const float real = form.weights_scale_first ? static_cast<float>(sum) * scale * range.scale
                                                            : static_cast<float>(sum) * (scale * range.scale);
                dst[i] = activate(real + (bias != nullptr ? bias[o] : 0.f), activation);
              });
        }
      },
      scratch_bytes);
}

}  // namespace pare
