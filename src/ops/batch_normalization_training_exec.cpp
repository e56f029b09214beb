#include <cmath>

#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/batch_normalization_training.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return request.all_float() ? "" : "operands are not all float32"; }

// What both directions know. Threads share the channels, in blocks of whole cache lines, since each needs sums over all positions.
class OverChannels : public Kernel {
 public:
  explicit OverChannels(const KernelRequest& request)
      : channels_(request.shape(0)[-1]),
        rows_(request.shape(0).elements() / std::max<int64_t>(channels_, 1)),
        epsilon_(request.node.attrs<BatchNormalizationTrainingAttributes>().epsilon),
        range_(activation_range(request.node.attrs<BatchNormalizationTrainingAttributes>().activation)) {}

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }
  void run_share(const Buffers& buffers, Share share) const override {
    const int64_t blocks = (channels_ + kBlock - 1) / kBlock;
    for (int64_t block = share.begin(blocks); block < share.end(blocks); ++block)
      run_channels(buffers, block * kBlock, std::min(channels_, (block + 1) * kBlock));
  }

 protected:
  static constexpr int64_t kBlock = 16;
  using Block = std::array<float, kBlock>;

  virtual void run_channels(const Buffers& buffers, int64_t first, int64_t last) const = 0;

  // Sums over all rows of what term(offset of the row's first element, channel in the block) gives, in parts that stay exact.
  template <class Term>
  Block sum(int64_t count, Term term) const {
    constexpr int64_t kRows = 256;
    std::array<double, kBlock> total{};
    for (int64_t begin = 0; begin < rows_; begin += kRows) {
      Block part{};
      for (int64_t row = begin; row < std::min(rows_, begin + kRows); ++row)
        for (int64_t c = 0; c < count; ++c) part[static_cast<size_t>(c)] += term(row * channels_ + c, c);
      for (size_t c = 0; c < kBlock; ++c) total[c] += part[c];
    }
    Block sums;
    for (size_t c = 0; c < kBlock; ++c) sums[c] = static_cast<float>(total[c]);
    return sums;
  }

  int64_t channels_, rows_;
  float epsilon_;
  RealRange range_;
};

class Forward final : public OverChannels {
 public:
  using OverChannels::OverChannels;

 private:
  void run_channels(const Buffers& buffers, int64_t first, int64_t last) const override {
    const float *src = buffers.src<float>() + first, *gamma = buffers.src<float>(1), *beta = buffers.src<float>(2);
    const int64_t count = last - first;
    const auto rows = static_cast<float>(rows_);
    Block mean = sum(count, [&](int64_t at, int64_t) { return src[at]; });
    for (float& value : mean) value /= rows;
    const Block squares = sum(count, [&](int64_t at, int64_t c) {
      const float difference = src[at] - mean[static_cast<size_t>(c)];
      return difference * difference;
    });
    Block factor, offset;
    for (int64_t c = 0; c < count; ++c) {
      const auto at = static_cast<size_t>(c);
      const float variance = squares[at] / rows;
      buffers.dst<float>(1)[first + c] = mean[at];
      buffers.dst<float>(2)[first + c] = variance;
      factor[at] = (gamma == nullptr ? 1.f : gamma[first + c]) / std::sqrt(variance + epsilon_);
      offset[at] = (beta == nullptr ? 0.f : beta[first + c]) - mean[at] * factor[at];
    }
    float* dst = buffers.dst<float>() + first;
    for (int64_t row = 0; row < rows_; ++row)
      for (int64_t c = 0; c < count; ++c) {
        const float value = src[row * channels_ + c] * factor[static_cast<size_t>(c)] + offset[static_cast<size_t>(c)];
        dst[row * channels_ + c] = std::min(std::max(value, range_.lowest), range_.highest);
      }
  }
};

class Backward final : public OverChannels {
 public:
  using OverChannels::OverChannels;
  bool in_place(size_t operand) const override { return operand == 0; }

 private:
  void run_channels(const Buffers& buffers, int64_t first, int64_t last) const override {
    const float *ddst = buffers.src<float>(0) + first, *src = buffers.src<float>(1) + first,
                *dst = buffers.src<float>(2) + first, *gamma = buffers.src<float>(3),
                *mean = buffers.src<float>(4) + first, *variance = buffers.src<float>(5) + first;
    const int64_t count = last - first;
    const auto passed = [&](int64_t at) {
      return dst[at] > range_.lowest && dst[at] < range_.highest ? ddst[at] : 0.f;
    };
    Block inverse;
    for (int64_t c = 0; c < count; ++c) inverse[static_cast<size_t>(c)] = 1 / std::sqrt(variance[c] + epsilon_);
    const Block dbeta = sum(count, [&](int64_t at, int64_t) { return passed(at); });
    const Block dgamma = sum(count, [&](int64_t at, int64_t c) {
      return passed(at) * (src[at] - mean[c]) * inverse[static_cast<size_t>(c)];
    });
    float* dsrc = buffers.dst<float>() + first;
    const auto rows = static_cast<float>(rows_);
    Block scale, slope, constant;  // dsrc = scale * g + slope * src + constant
    for (int64_t c = 0; c < count; ++c) {
      const auto at = static_cast<size_t>(c);
      buffers.dst<float>(1)[first + c] = dgamma[at];
      buffers.dst<float>(2)[first + c] = dbeta[at];
      scale[at] = (gamma == nullptr ? 1.f : gamma[first + c]) * inverse[at];
      slope[at] = -scale[at] * inverse[at] * dgamma[at] / rows;
      constant[at] = -scale[at] * dbeta[at] / rows - slope[at] * mean[c];
    }
    for (int64_t row = 0; row < rows_; ++row)
      for (int64_t c = 0; c < count; ++c) {
        const auto at = static_cast<size_t>(c);
        const int64_t place = row * channels_ + c;
        dsrc[place] = scale[at] * passed(place) + slope[at] * src[place] + constant[at];
      }
  }
};

template <class Implemented>
Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return std::make_unique<Implemented>(request);
}

}  // namespace

ImplementationList exec_batch_normalization_training() { return {{"plain", declines, create<Forward>}}; }
ImplementationList exec_batch_normalization_backward() { return {{"plain", declines, create<Backward>}}; }

}  // namespace pare
