#include "ops/channel_sums.h"

#include <algorithm>

#include "base/vectorised.h"

namespace pare {
namespace {

constexpr int64_t kNarrow = 128;
constexpr int64_t kKinds = 2, kVectors = 4;  // numbers summed at once; vectors of repeated numbers

PARE_VECTORISED void add_rows(const float* src, int64_t rows, int64_t width, float* sums) {
  for (int64_t row = 0; row < rows; ++row, src += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) sums[c] += src[c];
}

PARE_VECTORISED void add_squares(const float* src, const float* centre, int64_t rows, int64_t width, float* sums,
                                 float* squares) {
  for (int64_t row = 0; row < rows; ++row, src += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float difference = src[c] - centre[c];
      sums[c] += difference;
      squares[c] += difference * difference;
    }
}

struct Gate {
  const float *factor, *offset;
  float lowest, highest;
};

PARE_VECTORISED void add_products(const float* ddst, const float* src, Gate gate, const float* centre, int64_t rows,
                                  int64_t width, float* sums, float* products) {
  for (int64_t row = 0; row < rows; ++row, ddst += width, src += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float dst = src[c] * gate.factor[c] + gate.offset[c];
      const float g = (dst > gate.lowest) & (dst < gate.highest) ? ddst[c] : 0.f;
      sums[c] += g;
      products[c] += g * (src[c] - centre[c]);
    }
}

PARE_VECTORISED void scale_rows(const float* src, Gate gate, int64_t rows, int64_t width, float* dst) {
  for (int64_t row = 0; row < rows; ++row, src += width, dst += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float value = src[c] * gate.factor[c] + gate.offset[c];
      const float raised = value < gate.lowest ? gate.lowest : value;
      dst[c] = raised > gate.highest ? gate.highest : raised;
    }
}

PARE_VECTORISED void combine_rows(const float* ddst, const float* src, Gate gate, const float* slope,
                                  const float* offset, int64_t rows, int64_t width, float* dsrc) {
  for (int64_t row = 0; row < rows; ++row, ddst += width, src += width, dsrc += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float dst = src[c] * gate.factor[c] + gate.offset[c];
      const float g = (dst > gate.lowest) & (dst < gate.highest) ? ddst[c] : 0.f;
      dsrc[c] = g * gate.factor[c] + src[c] * slope[c] + offset[c];
    }
}

int64_t fold_of(int64_t rows, int64_t channels) {
  int64_t fold = 1;
  while (channels * fold < kNarrow && rows % (2 * fold) == 0) fold *= 2;
  return fold;
}

}  // namespace

ChannelPasses::ChannelPasses(int64_t rows, int64_t channels)
    : fold_(fold_of(rows, channels)), rows_(rows / fold_), width_(channels * fold_) {}

// Totals in double, parts in float, then the vectors.
size_t ChannelPasses::workspace_bytes() const {
  return static_cast<size_t>(width_) * (kKinds * (sizeof(double) + sizeof(float)) + kVectors * sizeof(float));
}

float* ChannelPasses::vector(int which, const Buffers& buffers, Share share) const {
  return reinterpret_cast<float*>(buffers.scratch_of<double>(share) + kKinds * width_) + (kKinds + which) * width_;
}

const float* ChannelPasses::repeated(int which, const Buffers& buffers, Share share) const {
  float* all = vector(which, buffers, share);
  for (int64_t f = 1; f < fold_; ++f) std::copy_n(all, channels(), all + f * channels());
  return all;
}

// add(first element, rows, part) adds `kinds` numbers for each column of a few rows, few enough that float sums stay exact to a relative
// 1e-6; those are gathered in double.
template <class Add>
void ChannelPasses::gather(int64_t kinds, const Buffers& buffers, Share share, Add add) const {
  constexpr int64_t kRows = 64;
  const int64_t numbers = kinds * width_;
  auto* total = buffers.scratch_of<double>(share);
  auto* part = reinterpret_cast<float*>(total + kKinds * width_);
  std::fill_n(total, numbers, 0.);
  const int64_t end = share.end(rows_);
  for (int64_t row = share.begin(rows_); row < end; row += kRows) {
    std::fill_n(part, numbers, 0.f);
    add(row * width_, std::min(kRows, end - row), part);
    for (int64_t i = 0; i < numbers; ++i) total[i] += part[i];
  }
}

double ChannelPasses::total(int kind, int64_t channel, const Buffers& buffers, Share share) const {
  double sum = 0;
  for (int each = 0; each < share.count; ++each) {
    const double* totals = buffers.scratch_of<double>({each}) + kind * width_ + channel;
    for (int64_t f = 0; f < fold_; ++f) sum += totals[f * channels()];
  }
  return sum;
}

void ChannelPasses::add_up(const float* src, const Buffers& buffers, Share share) const {
  gather(1, buffers, share, [&](int64_t at, int64_t rows, float* part) { add_rows(src + at, rows, width_, part); });
}

void ChannelPasses::add_up_squares(const float* src, const Buffers& buffers, Share share) const {
  const float* centre = repeated(0, buffers, share);
  gather(2, buffers, share, [&](int64_t at, int64_t rows, float* part) {
    add_squares(src + at, centre, rows, width_, part, part + width_);
  });
}

void ChannelPasses::add_up_products(const Gated& g, const Buffers& buffers, Share share) const {
  const Gate gate{repeated(0, buffers, share), repeated(1, buffers, share), g.lowest, g.highest};
  const float* centre = repeated(2, buffers, share);
  gather(2, buffers, share, [&](int64_t at, int64_t rows, float* part) {
    add_products(g.ddst + at, g.src + at, gate, centre, rows, width_, part, part + width_);
  });
}

void ChannelPasses::scale(const float* src, float lowest, float highest, float* dst, const Buffers& buffers,
                          Share share) const {
  const Gate gate{repeated(0, buffers, share), repeated(1, buffers, share), lowest, highest};
  const int64_t begin = share.begin(rows_), at = begin * width_;
  scale_rows(src + at, gate, share.end(rows_) - begin, width_, dst + at);
}

void ChannelPasses::combine(const Gated& g, float* dsrc, const Buffers& buffers, Share share) const {
  const Gate gate{repeated(0, buffers, share), repeated(1, buffers, share), g.lowest, g.highest};
  const int64_t begin = share.begin(rows_), at = begin * width_;
  combine_rows(g.ddst + at, g.src + at, gate, repeated(2, buffers, share), repeated(3, buffers, share),
               share.end(rows_) - begin, width_, dsrc + at);
}

}  // namespace pare
