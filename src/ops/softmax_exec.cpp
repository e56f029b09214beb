#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/fixed_point_functions.h"
#include "engine/int16_table.h"
#include "engine/kernel.h"
#include "ops/softmax.h"

namespace pare {
namespace {

// Rows of `depth` neighbouring elements.
struct Rows {
  explicit Rows(const KernelRequest& request)
      : depth(request.shape(0)[-1]), count(depth == 0 ? 0 : request.shape(0).elements() / depth) {}
  int64_t depth, count;
};

// A kernel that calls body(src row, dst row, depth) for each row.
template <class Src, class Dst, class Body>
std::unique_ptr<Kernel> by_rows(const KernelRequest& request, Body body) {
  return make_kernel([rows = Rows(request), body = std::move(body)](const Buffers& buffers) {
    for (int64_t row = 0; row < rows.count; ++row)
      body(buffers.src<Src>() + row * rows.depth, buffers.dst<Dst>() + row * rows.depth, rows.depth);
  });
}

// --- float

Expected<std::unique_ptr<Kernel>> create_float_softmax(const KernelRequest& request) {
  const float beta = request.node.attrs<SoftmaxAttributes>().beta;
  return by_rows<float, float>(request, [beta](const float* src, float* dst, int64_t depth) {
    const float maximum = *std::max_element(src, src + depth);
    float sum = 0;
    for (int64_t i = 0; i < depth; ++i) sum += dst[i] = std::exp((src[i] - maximum) * beta);
    for (int64_t i = 0; i < depth; ++i) dst[i] /= sum;
  });
}

Expected<std::unique_ptr<Kernel>> create_float_log_softmax(const KernelRequest& request) {
  return by_rows<float, float>(request, [](const float* src, float* dst, int64_t depth) {
    const float maximum = *std::max_element(src, src + depth);
    float sum = 0;
    for (int64_t i = 0; i < depth; ++i) sum += std::exp(src[i] - maximum);
    const float log_sum = std::log(sum);
    for (int64_t i = 0; i < depth; ++i) dst[i] = src[i] - maximum - log_sum;
  });
}

// --- 8 bits: the exponential in fixed point, of differences to the maximum in Q5.26

// beta * scale(src) as a multiplier of stored differences, and the smallest difference whose exponential still counts.
struct ScaledDifference {
  ScaledDifference(double beta, float src_scale) {
    constexpr int kFractionBits = 26;
    multiplier =
        to_fixed_multiplier(std::min(beta * static_cast<double>(src_scale) * (1 << kFractionBits), 0x1p31 - 1));
    smallest = -static_cast<int32_t>(std::floor(31.0 * (1 << kFractionBits) / std::ldexp(1.0, multiplier.shift)));
  }
  Fixed<5> operator()(int32_t difference) const { return {multiply(difference, multiplier)}; }

  FixedMultiplier multiplier;
  int32_t smallest;
};

template <class T>
Fixed<12> sum_of_exponentials(const T* src, int64_t depth, int32_t maximum, const ScaledDifference& scaled) {
  Fixed<12> sum;
  for (int64_t i = 0; i < depth; ++i) {
    const int32_t difference = src[i] - maximum;
    if (difference >= scaled.smallest) sum = sum + rescale<12>(exp_of_negative(scaled(difference)));
  }
  return sum;
}

// The differences must be stretched, not shrunk, and a row must fit the accumulator.
std::string declines_eight_bits(const KernelRequest& request, double beta) {
  const TensorType &src = request.type(0), &dst = request.result_type();
  if (src.dtype != DType::Int8 && src.dtype != DType::UInt8) return "src is not i8 or u8";
  if (dst.dtype != src.dtype || !src.is_quantized() || !dst.is_quantized())
    return "src and dst must be quantised with the same type";
  if (beta * static_cast<double>(src.quantization->scale()) <= 0x1p-26)
    return fmt::format("scale {} of src is too small", src.quantization->scale());
  return request.shape(0)[-1] < (1 << 12) ? "" : "more than 4095 elements in a row";
}

std::string declines_eight_bit_softmax(const KernelRequest& request) {
  return declines_eight_bits(request, request.node.attrs<SoftmaxAttributes>().beta);
}

template <class T>
std::unique_ptr<Kernel> eight_bit_softmax(const KernelRequest& request) {
  const ScaledDifference scaled(request.node.attrs<SoftmaxAttributes>().beta, request.type(0).quantization->scale());
  return by_rows<T, T>(request, [scaled](const T* src, T* dst, int64_t depth) {
    constexpr int32_t kLowest = std::numeric_limits<T>::lowest(), kHighest = std::numeric_limits<T>::max();
    const int32_t maximum = *std::max_element(src, src + depth);
    const Reciprocal inverse = reciprocal(sum_of_exponentials(src, depth, maximum, scaled));
    for (int64_t i = 0; i < depth; ++i) {
      const int32_t difference = src[i] - maximum;
      int32_t stored = kLowest;
      if (difference >= scaled.smallest)
        stored += rounding_shift_right((inverse.mantissa * exp_of_negative(scaled(difference))).raw,
                                       inverse.exponent + 31 - 8);
      dst[i] = static_cast<T>(std::clamp(stored, kLowest, kHighest));
    }
  });
}

Expected<std::unique_ptr<Kernel>> create_eight_bit_softmax(const KernelRequest& request) {
  return request.dtype() == DType::Int8 ? eight_bit_softmax<int8_t>(request) : eight_bit_softmax<uint8_t>(request);
}

std::string declines_eight_bit_log_softmax(const KernelRequest& request) { return declines_eight_bits(request, 1); }

template <class T>
std::unique_ptr<Kernel> eight_bit_log_softmax(const KernelRequest& request) {
  const ScaledDifference scaled(1, request.type(0).quantization->scale());
  // From Q5.26 back to stored differences.
  const FixedMultiplier inverse =
      to_fixed_multiplier(std::ldexp(1.0, 31 - scaled.multiplier.shift) / scaled.multiplier.multiplier);
  return by_rows<T, T>(request, [scaled, inverse](const T* src, T* dst, int64_t depth) {
    constexpr int32_t kLowest = std::numeric_limits<T>::lowest(),
                      kHighest = std::numeric_limits<T>::max();  // kHighest is 0 in real numbers
    constexpr int kOutputShift = 31 - 5 - 4;                     // to steps of 1/16
    const int32_t maximum = *std::max_element(src, src + depth);
    const int32_t log_sum = log_of_at_least_one(sum_of_exponentials(src, depth, maximum, scaled)).raw;
    const int32_t smallest =
        std::max(scaled.smallest - 1, multiply(log_sum + std::numeric_limits<int32_t>::lowest(), inverse));
    for (int64_t i = 0; i < depth; ++i) {
      const int32_t difference = src[i] - maximum;
      int32_t stored = kLowest;
      if (difference > smallest)
        stored = rounding_shift_right(scaled(difference).raw - log_sum, kOutputShift) + kHighest;
      dst[i] = static_cast<T>(std::clamp(stored, kLowest, kHighest));
    }
  });
}

Expected<std::unique_ptr<Kernel>> create_eight_bit_log_softmax(const KernelRequest& request) {
  return request.dtype() == DType::Int8 ? eight_bit_log_softmax<int8_t>(request)
                                        : eight_bit_log_softmax<uint8_t>(request);
}

// --- 16 bits: tables of exp over [-10, 0] and of 1 / (1 + x) over [0, 1]

std::string declines_sixteen_bits(const KernelRequest& request) {
  const TensorType &src = request.type(0), &dst = request.result_type();
  if (src.dtype != DType::Int16 || dst.dtype != DType::Int16) return "src and dst are not i16";
  if (!src.is_quantized() || !dst.is_quantized()) return "src and dst must be quantised";
  return request.shape(0)[-1] < (1 << 16) ? "" : "more than 65535 elements in a row";
}

Expected<std::unique_ptr<Kernel>> create_sixteen_bits(const KernelRequest& request) {
  const auto exponentials = Int16Table::of(10.0 / 65535, 32767, 2.0 / 65535, 0, [](double x) { return std::exp(x); });
  const auto reciprocals =
      Int16Table::of(1.0 / 65535, -32768, 2.0 / 65535, 0, [](double x) { return 1.0 / (1.0 + x); });
  // Stretches differences so that -65535 means -10. The first product is in single precision, as in TFLite.
  const float beta_scale = request.type(0).quantization->scale() * request.node.attrs<SoftmaxAttributes>().beta;
  const FixedMultiplier stretch = to_fixed_multiplier(beta_scale / (10.0 / 65535));
  return by_rows<int16_t, int16_t>(request, [=](const int16_t* src, int16_t* dst, int64_t depth) {
    const auto saturated = [](int32_t x) { return static_cast<int16_t>(std::clamp(x, -32768, 32767)); };
    const int32_t maximum = *std::max_element(src, src + depth);
    int32_t sum = 0;  // Q16.15
    for (int64_t i = 0; i < depth; ++i)
      sum += dst[i] = exponentials(saturated(multiply(src[i] - maximum, stretch) + 32767));
    // The sum scaled to [1, 2), as 1 + x with x in 16 bits, recentred for the table.
    const int zeros = std::countl_zero(static_cast<uint32_t>(sum));
    const auto one_plus_x = static_cast<int32_t>(((int64_t{sum} << (zeros - 1)) + (1 << 13)) >> 14);
    const int64_t inverse = reciprocals(saturated(one_plus_x - (1 << 15) - (1 << 16)));
    const int shift = 31 - zeros;
    for (int64_t i = 0; i < depth; ++i) {
      const int64_t stored = (dst[i] * inverse + (int64_t{1} << (shift - 1))) >> shift;
      dst[i] = static_cast<int16_t>(std::clamp<int64_t>(stored, 0, 32767));
    }
  });
}

}  // namespace

ImplementationList exec_softmax() {
  return {{"plain", declines_non_float, create_float_softmax},
          {"8 bits", declines_eight_bit_softmax, create_eight_bit_softmax},
          {"16 bits", declines_sixteen_bits, create_sixteen_bits}};
}

ImplementationList exec_log_softmax() {
  return {{"plain", declines_non_float, create_float_log_softmax},
          {"8 bits", declines_eight_bit_log_softmax, create_eight_bit_log_softmax}};
}

}  // namespace pare
