#include "engine/avx512/gather.h"
#include "engine/avx512/windows.h"
#include "engine/cpu.h"
#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/pool_2d.h"

namespace pare {
namespace {

using namespace avx512;

// Calls pool(window, dst) for each output pixel; the window is cut to what lies inside the image.
template <class Element, class Pool>
class PoolKernel final : public Kernel {
 public:
  PoolKernel(const KernelRequest& request, Pool pool) : images_(request.shape(0)[0]), pool_(std::move(pool)) {
    const auto& attributes = request.node.attrs<Pool2dAttributes>();
    geometry_ = window_geometry(request.shape(0), request.result_type().shape, attributes.h(), attributes.w(),
                                attributes.padding);
  }

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }

  void run_share(const Buffers& buffers, Share share) const override {
    const WindowGeometry& g = geometry_;
    const int64_t row = g.src_w * g.channels;
    for (int64_t at = share.begin(images_ * g.dst_h); at < share.end(images_ * g.dst_h); ++at) {
      const Element* image = buffers.src<Element>() + at / g.dst_h * g.src_h * row;
      const int64_t origin_y = at % g.dst_h * g.h.stride - g.pad_h.before;
      const int64_t top = std::max<int64_t>(0, origin_y), bottom = std::min(g.src_h, origin_y + g.h.kernel);
      Element* dst = buffers.dst<Element>() + at * g.dst_w * g.channels;
      for (int64_t x = 0; x < g.dst_w; ++x, dst += g.channels) {
        const int64_t origin_x = x * g.w.stride - g.pad_w.before;
        const int64_t left = std::max<int64_t>(0, origin_x), right = std::min(g.src_w, origin_x + g.w.kernel);
        pool_(PixelWindow<Element>{image + top * row + left * g.channels, bottom - top, right - left, row, g.channels},
              dst);
      }
    }
  }

 private:
  WindowGeometry geometry_;
  int64_t images_;
  Pool pool_;
};

template <class Element, class Pool>
Expected<std::unique_ptr<Kernel>> kernel(const KernelRequest& request, Pool pool) {
  return std::make_unique<PoolKernel<Element, Pool>>(request, std::move(pool));
}

template <class Element>
float share_of_one(const PixelWindow<Element>& window) {
  return 1.f / static_cast<float>(window.rows * window.columns);
}

Expected<std::unique_ptr<Kernel>> create_average_f32(const KernelRequest& request) {
  const RealRange range = activation_range(request.node.attrs<Pool2dAttributes>().activation);
  return kernel<float>(request, [range](const PixelWindow<float>& window, float* dst) {
    average(window, share_of_one(window), range.lowest, range.highest, dst);
  });
}

Expected<std::unique_ptr<Kernel>> create_max_f32(const KernelRequest& request) {
  const RealRange range = activation_range(request.node.attrs<Pool2dAttributes>().activation);
  return kernel<float>(request, [range](const PixelWindow<float>& window, float* dst) {
    maximum(window, range.lowest, range.highest, dst);
  });
}

struct Limits {
  int32_t lowest, highest;
};
Limits limits_of(const KernelRequest& request) {
  const IntegerRange range =
      quantized_activation_range(request.node.attrs<Pool2dAttributes>().activation, request.result_type());
  return {static_cast<int32_t>(range.lowest), static_cast<int32_t>(range.highest)};
}

Expected<std::unique_ptr<Kernel>> create_average_i8(const KernelRequest& request) {
  return kernel<int8_t>(request, [limits = limits_of(request)](const PixelWindow<int8_t>& window, int8_t* dst) {
    average(window, share_of_one(window), 0.f, limits.lowest, limits.highest, dst);
  });
}

Expected<std::unique_ptr<Kernel>> create_max_i8(const KernelRequest& request) {
  return kernel<int8_t>(request, [limits = limits_of(request)](const PixelWindow<int8_t>& window, int8_t* dst) {
    maximum(window, limits.lowest, limits.highest, dst);
  });
}

std::string declines(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  return request.node.attrs<Pool2dAttributes>().activation == Activation::Tanh ? "tanh is not fused" : "";
}

std::string declines_f32(const KernelRequest& request) {
  if (std::string reason = declines_non_float(request); !reason.empty()) return reason;
  return declines(request);
}

std::string declines_i8(const KernelRequest& request) {
  if (request.dtype() != DType::Int8 || !request.result_type().is_quantized() ||
      !request.result_type().quantization->is_per_tensor())
    return "not int8";
  return declines(request);
}

}  // namespace

Implementation avx512_average_pool_2d_f32() { return {"avx512", declines_f32, create_average_f32, true}; }
Implementation avx512_average_pool_2d_i8() { return {"avx512", declines_i8, create_average_i8, true}; }
Implementation avx512_max_pool_2d_f32() { return {"avx512", declines_f32, create_max_f32, true}; }
Implementation avx512_max_pool_2d_i8() { return {"avx512", declines_i8, create_max_i8, true}; }

}  // namespace pare
