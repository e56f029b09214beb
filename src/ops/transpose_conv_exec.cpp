#include "ops/onednn_convolution.h"
#include "ops/transpose_conv.h"

namespace pare {
namespace {

// The convolution that this one is the adjoint of: from our dst to our src.
ConvolutionGeometry forward_geometry(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<TransposeConvAttributes>();
  const Shape& weights = request.shape(1);
  return {request.result_type().shape,     request.shape(2),  weights[0], attributes.window_h(weights[1]),
          attributes.window_w(weights[2]), attributes.padding};
}

// The element that window position `tap` joins with the element `written`; -1 where there is none.
int64_t read_position(int64_t written, int64_t tap, const Window& window, const PaddingExtents& pad, int64_t extent) {
  const int64_t offset = written + pad.before - tap;
  if (offset < 0 || offset % window.stride != 0) return -1;
  const int64_t read = offset / window.stride;
  return read < extent ? read : -1;
}

// See ops/weighted_kernels.h. `g` is the forward geometry, so its dst is what is read and its src what is written.
struct Loops {
  explicit Loops(const ConvolutionGeometry& forward)
      : g(forward),
        samples(g.batch),
        src_elements(g.dst_h * g.dst_w * g.dst_c),
        dst_elements(g.src_h * g.src_w * g.src_c) {}

  template <class Sum, class Src, class Weight, class Term, class Finish>
  void run(const Src* src, const Weight* weights, Term term, Finish finish) const {
    int64_t at = 0;
    for (int64_t y = 0; y < g.src_h; ++y)
      for (int64_t x = 0; x < g.src_w; ++x)
        for (int64_t o = 0; o < g.src_c; ++o, ++at) {
          Sum sum = 0;
          for (int64_t i = 0; i < g.h.kernel; ++i) {
            const int64_t read_y = read_position(y, i, g.h, g.pad_h, g.dst_h);
            if (read_y < 0) continue;
            for (int64_t j = 0; j < g.w.kernel; ++j) {
              const int64_t read_x = read_position(x, j, g.w, g.pad_w, g.dst_w);
              if (read_x < 0) continue;
              const Src* pixel = src + (read_y * g.dst_w + read_x) * g.dst_c;
              const Weight* filter = weights + ((o * g.h.kernel + i) * g.w.kernel + j) * g.dst_c;
              for (int64_t c = 0; c < g.dst_c; ++c) sum += term(pixel[c], filter[c]);
            }
          }
          finish(at, o, sum);
        }
  }

  ConvolutionGeometry g;
  int64_t samples, src_elements, dst_elements;
};

constexpr WeightedOperands kOperands{.src = 2, .weights = 1, .bias = 3};

Loops loops(const KernelRequest& request) { return Loops(forward_geometry(request)); }
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
  return create_weighted_dynamic(request, kOperands, activation(request),
                                 {.asymmetric = true, .weights_scale_first = true}, loops(request));
}

std::string declines_onednn(const KernelRequest& request) { return declines_onednn_weighted(request, kOperands); }
Expected<std::unique_ptr<Kernel>> create_onednn(const KernelRequest& request) {
  const ConvolutionGeometry g = forward_geometry(request);
  const OnednnWeights weights{{g.src_c, g.dst_c, g.h.kernel, g.w.kernel},
                              {g.h.kernel * g.w.kernel * g.dst_c, 1, g.w.kernel * g.dst_c, g.dst_c}};
  return create_onednn_deconvolution(request, kOperands, g, weights, activation(request));
}

}  // namespace

ImplementationList exec_transpose_conv() {
  return {{"onednn", declines_onednn, create_onednn, true},
          {"plain", declines_float, create_float},
          {"integer", declines_integer, create_integer},
          {"dynamic range", declines_dynamic, create_dynamic}};
}

}  // namespace pare
