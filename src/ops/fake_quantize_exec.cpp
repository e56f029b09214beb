#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/vectorised.h"
#include "ops/fake_quantize.h"
#include "ops/kernel_shares.h"
#include "ops/slices.h"
#include "ops/updates.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) {
  for (const Value* operand : request.node.operands)
    if (operand != nullptr && operand->type.shape.elements() == 0) return "there are no elements";
  return declines_non_float(request);
}

// Of one slice: the codes around its zero point, so that rounding needs no zero point.
struct Steps {
  float scale, inverse, lowest, highest, stored_zero;

  Steps(float log2_scale, float zero_point, FakeCodes codes)
      : scale(std::exp2(log2_scale)),
        inverse(1 / scale),
        lowest(codes.lowest - zero_point),
        highest(codes.highest - zero_point),
        stored_zero((codes.lowest < 0 ? 0.f : 128.f) - zero_point) {}

  float clipped(float x) const { return std::min(std::max(x * inverse, lowest), highest); }
};

// Rounds to nearest, halves to even: codes are far below 2^22, where the sum has no fraction left.
float rounded(float code) {
  constexpr float kNoFraction = 12582912.f;  // 1.5 * 2^23
  return (code + kNoFraction) - kNoFraction;
}

PARE_VECTORISED void forward(const float* src, float* dst, int64_t count, Steps steps) {
  for (int64_t i = 0; i < count; ++i) dst[i] = rounded(steps.clipped(src[i])) * steps.scale;
}

// The mean of n codes is a multiple of 1 / n: what float arithmetic makes of a half is nearer to it than any other.
PARE_VECTORISED void forward_halves_away(const float* src, float* dst, int64_t count, Steps steps) {
  constexpr float kHalf = 0x1p-10f;
  for (int64_t i = 0; i < count; ++i) {
    const float code = steps.clipped(src[i]);
    dst[i] = rounded(code + std::copysign(kHalf, code - steps.stored_zero)) * steps.scale;
  }
}

// Gives the sum of ddst * d, see fake_quantize_backward.
PARE_VECTORISED float backward(const float* ddst, const float* src, float* dsrc, int64_t count, Steps steps,
                               float rounding, float damping) {
  const float pull = 2 * damping * steps.scale;
  constexpr int64_t kLanes = 16;  // sums that are vectors
  std::array<float, kLanes> sums{};
  const auto element = [&](int64_t i) {
    const float code = src[i] * steps.inverse, clipped = steps.clipped(src[i]);
    const bool inside = code == clipped;
    const float g = ddst[i], error = rounded(clipped) - code;
    dsrc[i] = inside ? g - pull * error : 0.f;
    return g * (inside ? error * rounding : clipped);
  };
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[static_cast<size_t>(lane)] += element(i + lane);
  float sum = 0;
  for (; i < count; ++i) sum += element(i);
  for (const float each : sums) sum += each;
  return sum;
}

// What both directions know; `first` is the position of src.
class FakeQuantize : public Kernel {
 public:
  FakeQuantize(const KernelRequest& request, size_t first)
      : attributes_(request.node.attrs<FakeQuantizeAttributes>()),
        codes_(fake_codes(attributes_.bits, attributes_.symmetric)),
        slices_(request.shape(first), attributes_.axis, request.shape(first + 1).elements()),
        first_(first) {}
  void run(const Buffers& buffers) const override { run_share(buffers, {}); }
  bool in_place(size_t operand) const override { return operand == 0; }

 protected:
  Steps steps(const Buffers& buffers, int64_t slice) const {
    const float* zero_points = buffers.src<float>(first_ + 2);
    return {buffers.src<float>(first_ + 1)[slice], zero_points == nullptr ? 0.f : zero_points[slice], codes_};
  }

  FakeQuantizeAttributes attributes_;
  FakeCodes codes_;
  Slices slices_;

 private:
  size_t first_;
};

class Forward final : public FakeQuantize {
 public:
  explicit Forward(const KernelRequest& request)
      : FakeQuantize(request, 0), round_(attributes_.halves_away ? forward_halves_away : forward) {}

  // Threads share a single slice by elements, several by slices.
  void run_share(const Buffers& buffers, Share share) const override {
    const float* src = buffers.src<float>();
    float* dst = buffers.dst<float>();
    if (slices_.count == 1) {
      const int64_t begin = share.begin(slices_.inner), end = share.end(slices_.inner);
      round_(src + begin, dst + begin, end - begin, steps(buffers, 0));
      return;
    }
    for (int64_t slice = share.begin(slices_.count); slice < share.end(slices_.count); ++slice) {
      const Steps of_slice = steps(buffers, slice);
      for (int64_t n = 0; n < slices_.outer; ++n) {
        const int64_t at = (n * slices_.count + slice) * slices_.inner;
        round_(src + at, dst + at, slices_.inner, of_slice);
      }
    }
  }

 private:
  decltype(&forward) round_;
};

class Backward final : public FakeQuantize {
 public:
  explicit Backward(const KernelRequest& request) : FakeQuantize(request, 1) {}

  void run_share(const Buffers& buffers, Share share) const override {
    if (slices_.count == 1) {
      for (int64_t part = share.begin(kFakeQuantizeParts); part < share.end(kFakeQuantizeParts); ++part) {
        const int64_t begin = slices_.inner * part / kFakeQuantizeParts,
                      end = slices_.inner * (part + 1) / kFakeQuantizeParts;
        run_slice(buffers, 0, begin, end - begin, 1, &buffers.dst<float>(1)[part]);
      }
      return;
    }
    for (int64_t slice = share.begin(slices_.count); slice < share.end(slices_.count); ++slice)
      run_slice(buffers, slice, slice * slices_.inner, slices_.inner, slices_.outer, &buffers.dst<float>(1)[slice]);
  }

 private:
  void run_slice(const Buffers& buffers, int64_t slice, int64_t at, int64_t count, int64_t times, float* sum) const {
    const Steps of_slice = steps(buffers, slice);
    const float rounding = attributes_.step == StepRule::Clip ? 0.f : 1.f;
    const float* damping = buffers.src<float>(4);
    *sum = 0;
    for (int64_t n = 0; n < times; ++n, at += slices_.count * slices_.inner)
      *sum += backward(buffers.src<float>(0) + at, buffers.src<float>(1) + at, buffers.dst<float>(0) + at, count,
                       of_slice, rounding, damping == nullptr ? 0.f : *damping);
    *sum *= of_slice.scale * std::numbers::ln2_v<float>;
  }
};

template <class Direction>
Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return std::make_unique<Direction>(request);
}

Expected<std::unique_ptr<Kernel>> create_parameters(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<RangeParametersAttributes>();
  const FakeCodes codes = fake_codes(attributes.bits, attributes.symmetric);
  return make_kernel([codes, symmetric = attributes.symmetric](const Buffers& buffers) {
    constexpr float kNarrowest = 1e-6f;
    const float low = std::min(buffers.src<float>()[0], 0.f), high = std::max(buffers.src<float>()[1], 0.f);
    float scale = (high - low) / (codes.highest - codes.lowest), zero_point = 0;
    if (symmetric) scale = std::max(-low, high) / codes.highest;
    scale = std::max(scale, kNarrowest / codes.highest);
    if (!symmetric) zero_point = std::clamp(std::nearbyint(codes.lowest - low / scale), codes.lowest, codes.highest);
    buffers.dst<float>(0)[0] = std::log2(scale);
    buffers.dst<float>(1)[0] = zero_point;
  });
}

PARE_VECTORISED void extremes(const float* src, int64_t count, float& least, float& largest) {
  constexpr int64_t kLanes = 16;
  std::array<float, kLanes> low{}, high{};
  low.fill(src[0]);
  high.fill(src[0]);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const auto at = static_cast<size_t>(lane);
      low[at] = std::min(low[at], src[i + lane]);
      high[at] = std::max(high[at], src[i + lane]);
    }
  for (; i < count; ++i) {
    low[0] = std::min(low[0], src[i]);
    high[0] = std::max(high[0], src[i]);
  }
  least = *std::min_element(low.begin(), low.end());
  largest = *std::max_element(high.begin(), high.end());
}

Expected<std::unique_ptr<Kernel>> create_moving(const KernelRequest& request) {
  return make_kernel([momentum = request.node.attrs<MovingAverageAttributes>().momentum,
                      count = request.shape(1).elements()](const Buffers& buffers) {
    float least, largest;
    extremes(buffers.src<float>(1), count, least, largest);
    const float* range = buffers.src<float>(0);
    float* dst = buffers.dst<float>();
    dst[0] = momentum * range[0] + (1 - momentum) * least;
    dst[1] = momentum * range[1] + (1 - momentum) * largest;
  });
}

}  // namespace

ImplementationList exec_fake_quantize() { return {{"plain", declines, create<Forward>}}; }
ImplementationList exec_fake_quantize_backward() { return {{"plain", declines, create<Backward>}}; }
ImplementationList exec_range_parameters() { return {{"plain", declines, create_parameters}}; }
ImplementationList exec_moving_range() { return {{"plain", declines, create_moving}}; }

}  // namespace pare
