#include <algorithm>
#include <limits>

#include "engine/kernel.h"
#include "ops/pool_2d_backward.h"
#include "ops/pool_geometry.h"

namespace pare {
namespace {

// Samples are shared out; spread(sample, first element of ddst, rows and columns of the window) adds to dsrc, which begins as zeros.
template <class Spread>
class Backward final : public Kernel {
 public:
  Backward(const KernelRequest& request, const Shape& ddst, Spread spread)
      : g_(request.node.attrs<Pool2dBackwardAttributes>().forward(), request.result_type().shape, ddst),
        spread_(std::move(spread)) {}

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }
  void run_share(const Buffers& buffers, Share share) const override {
    const int64_t first = share.begin(g_.batch), last = share.end(g_.batch), image = g_.src_h * g_.src_w * g_.channels;
    std::fill(buffers.dst<float>() + first * image, buffers.dst<float>() + last * image, 0.f);
    for (int64_t n = first; n < last; ++n)
      for (int64_t y = 0; y < g_.dst_h; ++y)
        for (int64_t x = 0; x < g_.dst_w; ++x) {
          const int64_t at = ((n * g_.dst_h + y) * g_.dst_w + x) * g_.channels;
          spread_(buffers, g_, n * image, at, covered(y, g_.h, g_.pad_h, g_.src_h),
                  covered(x, g_.w, g_.pad_w, g_.src_w));
        }
  }

 private:
  PoolGeometry g_;
  Spread spread_;
};

void spread_average(const Buffers& buffers, const PoolGeometry& g, int64_t image, int64_t at, Stretch rows,
                    Stretch columns) {
  const float* ddst = buffers.src<float>() + at;
  const auto part = 1 / static_cast<float>((rows.last - rows.first) * (columns.last - columns.first));
  for (int64_t i = rows.first; i < rows.last; ++i)
    for (int64_t j = columns.first; j < columns.last; ++j) {
      float* dsrc = buffers.dst<float>() + image + (i * g.src_w + j) * g.channels;
      for (int64_t c = 0; c < g.channels; ++c) dsrc[c] += ddst[c] * part;
    }
}

// Channel by channel in blocks: the maximum, then the first element that has it.
void spread_max(const Buffers& buffers, const PoolGeometry& g, int64_t image, int64_t at, Stretch rows,
                Stretch columns) {
  constexpr int64_t kBlock = 64;
  for (int64_t first = 0; first < g.channels; first += kBlock) {
    const int64_t count = std::min(kBlock, g.channels - first);
    const float *src = buffers.src<float>(0) + image + first, *ddst = buffers.src<float>(1) + at + first;
    float* dsrc = buffers.dst<float>() + image + first;
    float best[kBlock], left[kBlock];
    std::fill_n(best, count, std::numeric_limits<float>::lowest());
    std::copy_n(ddst, count, left);  // what no element has got yet
    for (int64_t i = rows.first; i < rows.last; ++i)
      for (int64_t j = columns.first; j < columns.last; ++j) {
        const float* pixel = src + (i * g.src_w + j) * g.channels;
        for (int64_t c = 0; c < count; ++c) best[c] = pixel[c] > best[c] ? pixel[c] : best[c];
      }
    for (int64_t i = rows.first; i < rows.last; ++i)
      for (int64_t j = columns.first; j < columns.last; ++j) {
        const int64_t place = (i * g.src_w + j) * g.channels;
        for (int64_t c = 0; c < count; ++c) {
          const float given = src[place + c] == best[c] ? left[c] : 0.f;
          dsrc[place + c] += given;
          left[c] = src[place + c] == best[c] ? 0.f : left[c];
        }
      }
  }
}

using Spread = decltype(&spread_max);

Expected<std::unique_ptr<Kernel>> create_average(const KernelRequest& request) {
  return std::make_unique<Backward<Spread>>(request, request.shape(0), spread_average);
}
Expected<std::unique_ptr<Kernel>> create_max(const KernelRequest& request) {
  return std::make_unique<Backward<Spread>>(request, request.shape(1), spread_max);
}

}  // namespace

ImplementationList exec_average_pool_2d_backward() { return {{"plain", declines_non_float, create_average}}; }
ImplementationList exec_max_pool_2d_backward() { return {{"plain", declines_non_float, create_max}}; }

}  // namespace pare
