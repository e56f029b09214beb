#include "ops/transpose_conv.h"
#include "ops/weighted_kernels.h"

namespace pare {
namespace {

struct Geometry {
  explicit Geometry(const KernelRequest& request) {
    const auto& attributes = request.node.attrs<TransposeConvAttributes>();
    const Shape& weights = request.shape(1);
    const Shape& src = request.shape(2);
    const Shape& dst = request.result_type().shape;
    batch = src[0]; src_h = src[1]; src_w = src[2]; src_c = src[3];
    dst_h = dst[1]; dst_w = dst[2]; dst_c = dst[3];
    h = attributes.window_h(weights[1]);
    w = attributes.window_w(weights[2]);
    pad_h = padding_extents(dst_h, src_h, h, attributes.padding);
    pad_w = padding_extents(dst_w, src_w, w, attributes.padding);
  }

  int64_t batch, src_h, src_w, src_c, dst_h, dst_w, dst_c;
  Window h, w;
  PaddingExtents pad_h, pad_w;
};

// Position in src that window position `tap` of the forward convolution joins with `dst`; -1 where there is none.
int64_t src_position(int64_t dst, int64_t tap, const Window& window, const PaddingExtents& pad, int64_t src_extent) {
  const int64_t offset = dst + pad.before - tap;
  if (offset < 0 || offset % window.stride != 0) return -1;
  const int64_t src = offset / window.stride;
  return src < src_extent ? src : -1;
}

// See ops/weighted_kernels.h.
struct Loops {
  explicit Loops(const Geometry& geometry)
      : g(geometry), samples(g.batch), src_elements(g.src_h * g.src_w * g.src_c), dst_elements(g.dst_h * g.dst_w * g.dst_c) {}

  template <class Sum, class Src, class Weight, class Term, class Finish>
  void run(const Src* src, const Weight* weights, Term term, Finish finish) const {
    int64_t at = 0;
    for (int64_t y = 0; y < g.dst_h; ++y)
      for (int64_t x = 0; x < g.dst_w; ++x)
        for (int64_t o = 0; o < g.dst_c; ++o, ++at) {
          Sum sum = 0;
          for (int64_t i = 0; i < g.h.kernel; ++i) {
            const int64_t src_y = src_position(y, i, g.h, g.pad_h, g.src_h);
            if (src_y < 0) continue;
            for (int64_t j = 0; j < g.w.kernel; ++j) {
              const int64_t src_x = src_position(x, j, g.w, g.pad_w, g.src_w);
              if (src_x < 0) continue;
              const Src* pixel = src + (src_y * g.src_w + src_x) * g.src_c;
              const Weight* filter = weights + ((o * g.h.kernel + i) * g.w.kernel + j) * g.src_c;
              for (int64_t c = 0; c < g.src_c; ++c) sum += term(pixel[c], filter[c]);
            }
          }
          finish(at, o, sum);
        }
  }

  Geometry g;
  int64_t samples, src_elements, dst_elements;
};

constexpr WeightedOperands kOperands{.src = 2, .weights = 1, .bias = 3};

Loops loops(const KernelRequest& request) { return Loops(Geometry(request)); }
Activation activation(const KernelRequest& request) { return request.node.attrs<TransposeConvAttributes>().activation; }

std::string declines_float(const KernelRequest& request) { return declines_weighted_float(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_float(const KernelRequest& request) {
  return create_weighted_float(kOperands, activation(request), loops(request));
}

std::string declines_integer(const KernelRequest& request) { return declines_weighted_integer(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_integer(const KernelRequest& request) {
  return create_weighted_integer<FixedPointRequantizer>(request, kOperands, activation(request), loops(request));
}

std::string declines_dynamic(const KernelRequest& request) { return declines_weighted_dynamic(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_dynamic(const KernelRequest& request) {
  // TFLite quantises src with a zero point.
  return create_weighted_dynamic(request, kOperands, activation(request), true, loops(request));
}

}  // namespace

ImplementationList exec_transpose_conv() {
  return {{"plain", declines_float, create_float}, {"integer", declines_integer, create_integer}, {"dynamic range", declines_dynamic, create_dynamic}};
}

}  // namespace pare
