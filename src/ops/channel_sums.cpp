#include "ops/channel_sums.h"

#include <algorithm>

#include "base/parallel.h"
#include "base/vectorised.h"

namespace pare {
namespace {

constexpr int64_t kNarrow = 32;
constexpr int64_t kKinds = 2, kVectors = 3;  // numbers summed at once; vectors of repeated numbers

PARE_VECTORISED void add_rows(const float* src, int64_t rows, int64_t width, float* sums) {
  for (int64_t row = 0; row < rows; ++row, src += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) sums[c] += src[c];
}

PARE_VECTORISED void add_squares(const float* src, const float* centre, int64_t rows, int64_t width, float* sums) {
  for (int64_t row = 0; row < rows; ++row, src += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float difference = src[c] - centre[c];
      sums[c] += difference * difference;
    }
}

struct Gate {
  float lowest, highest;
};

PARE_VECTORISED void add_products(const float* ddst, const float* src, const float* dst, Gate gate, const float* centre,
                                  int64_t rows, int64_t width, float* sums, float* products) {
  for (int64_t row = 0; row < rows; ++row, ddst += width, src += width, dst += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float g = (dst[c] > gate.lowest) & (dst[c] < gate.highest) ? ddst[c] : 0.f;
      sums[c] += g;
      products[c] += g * (src[c] - centre[c]);
    }
}

PARE_VECTORISED void scale_rows(const float* src, const float* factor, const float* offset, Gate gate, int64_t rows,
                                int64_t width, float* dst) {
  for (int64_t row = 0; row < rows; ++row, src += width, dst += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float value = src[c] * factor[c] + offset[c];
      const float raised = value < gate.lowest ? gate.lowest : value;
      dst[c] = raised > gate.highest ? gate.highest : raised;
    }
}

PARE_VECTORISED void combine_rows(const float* ddst, const float* src, const float* dst, Gate gate, const float* scale,
                                  const float* slope, const float* offset, int64_t rows, int64_t width, float* dsrc) {
  for (int64_t row = 0; row < rows; ++row, ddst += width, src += width, dst += width, dsrc += width)
#pragma omp simd
    for (int64_t c = 0; c < width; ++c) {
      const float g = (dst[c] > gate.lowest) & (dst[c] < gate.highest) ? ddst[c] : 0.f;
      dsrc[c] = g * scale[c] + src[c] * slope[c] + offset[c];
    }
}

int64_t fold_of(int64_t rows, int64_t channels) {
  int64_t fold = 1;
  while (channels * fold < kNarrow && rows % (2 * fold) == 0) fold *= 2;
  return fold;
}

}  // namespace

ChannelPasses::ChannelPasses(int64_t rows, int64_t channels, int threads)
    : fold_(fold_of(rows, channels)), rows_(rows / fold_), width_(channels * fold_), threads_(std::max(threads, 1)) {}

// Totals in double and parts in float of each thread, then vectors of repeated numbers.
size_t ChannelPasses::workspace_bytes() const {
  return static_cast<size_t>(width_) *
         (static_cast<size_t>(threads_ * kKinds) * (sizeof(double) + sizeof(float)) + kVectors * sizeof(float));
}

const float* ChannelPasses::repeated(const float* values, int place, std::byte* workspace) const {
  std::byte* vectors = workspace + static_cast<size_t>(width_ * threads_ * kKinds) * (sizeof(double) + sizeof(float));
  float* all = reinterpret_cast<float*>(vectors) + place * width_;
  for (int64_t f = 0; f < fold_; ++f) std::copy_n(values, channels(), all + f * channels());
  return all;
}

// add(first element, rows, part) adds `kinds` numbers for each column of a few rows, few enough that float sums stay exact to a relative
// 1e-6; those are gathered in double, thread after thread.
template <class Add>
void ChannelPasses::gather(int64_t kinds, std::byte* workspace, float* const* results, Add add) const {
  constexpr int64_t kRows = 64;
  const int64_t numbers = kinds * width_;
  auto* totals = reinterpret_cast<double*>(workspace);
  auto* parts = reinterpret_cast<float*>(totals + width_ * threads_ * kKinds);
  parallel_for(threads_, threads_, [&](int64_t first, int64_t last) {
    for (int64_t share = first; share < last; ++share) {
      double* total = totals + share * numbers;
      float* part = parts + share * numbers;
      std::fill_n(total, numbers, 0.);
      const int64_t end = rows_ * (share + 1) / threads_;
      for (int64_t row = rows_ * share / threads_; row < end; row += kRows) {
        std::fill_n(part, numbers, 0.f);
        add(row * width_, std::min(kRows, end - row), part);
        for (int64_t i = 0; i < numbers; ++i) total[i] += part[i];
      }
    }
  });
  for (int64_t kind = 0; kind < kinds; ++kind)
    for (int64_t c = 0; c < channels(); ++c) {
      double sum = 0;
      for (int64_t share = 0; share < threads_; ++share)
        for (int64_t f = 0; f < fold_; ++f) sum += totals[share * numbers + kind * width_ + f * channels() + c];
      results[kind][c] = static_cast<float>(sum);
    }
}

template <class Run>
void ChannelPasses::over_rows(Run run) const {
  parallel_for(rows_, threads_, [&](int64_t begin, int64_t end) { run(begin * width_, end - begin); });
}

void ChannelPasses::sum(const float* src, float* sums, std::byte* workspace) const {
  gather(1, workspace, &sums, [&](int64_t at, int64_t rows, float* part) { add_rows(src + at, rows, width_, part); });
}

void ChannelPasses::sum_squares(const float* src, const float* centre, float* sums, std::byte* workspace) const {
  const float* centres = repeated(centre, 0, workspace);
  gather(1, workspace, &sums,
         [&](int64_t at, int64_t rows, float* part) { add_squares(src + at, centres, rows, width_, part); });
}

void ChannelPasses::sum_products(const Gated& g, const float* src, const float* centre, float* sums, float* products,
                                 std::byte* workspace) const {
  const float* centres = repeated(centre, 0, workspace);
  float* const results[] = {sums, products};
  gather(2, workspace, results, [&](int64_t at, int64_t rows, float* part) {
    add_products(g.ddst + at, src + at, g.dst + at, {g.lowest, g.highest}, centres, rows, width_, part, part + width_);
  });
}

void ChannelPasses::scale(const float* src, const float* factor, const float* offset, float lowest, float highest,
                          float* dst, std::byte* workspace) const {
  const float *factors = repeated(factor, 0, workspace), *offsets = repeated(offset, 1, workspace);
  over_rows([&](int64_t at, int64_t rows) {
    scale_rows(src + at, factors, offsets, {lowest, highest}, rows, width_, dst + at);
  });
}

void ChannelPasses::combine(const Gated& g, const float* src, const float* scale, const float* slope,
                            const float* offset, float* dsrc, std::byte* workspace) const {
  const float *scales = repeated(scale, 0, workspace), *slopes = repeated(slope, 1, workspace),
              *offsets = repeated(offset, 2, workspace);
  over_rows([&](int64_t at, int64_t rows) {
    combine_rows(g.ddst + at, src + at, g.dst + at, {g.lowest, g.highest}, scales, slopes, offsets, rows, width_,
                 dsrc + at);
  });
}

}  // namespace pare
