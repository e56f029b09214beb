#include "engine/avx512/gather.h"
#include "engine/avx512/product.h"
#include "engine/avx512/requantize.h"
#include "engine/cpu.h"
#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/conv_2d.h"

namespace pare {
namespace {

using namespace avx512;

WindowGeometry geometry_of(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<Conv2dAttributes>();
  return window_geometry(request.shape(0), request.result_type().shape, attributes.window_h(request.shape(1)[1]),
                         attributes.window_w(request.shape(1)[2]), attributes.padding);
}

// Where the input is read from, image by image and share by share; Product does the arithmetic:
//   Element, Result, multiply(rows, begin, end, buffers, dst offset), fill() for padding, copies(run_length)
template <class Product>
class ConvKernel final : public Kernel {
  using Element = typename Product::Element;

 public:
  explicit ConvKernel(const KernelRequest& request)
      : geometry_(geometry_of(request)),
        plan_(geometry_),
        images_(request.shape(0)[0]),
        product_(request, static_cast<int64_t>(plan_.runs.size()), plan_.run_length),
        copies_(geometry_.is_padded() || Product::copies(plan_.run_length)) {}

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }

  void run_share(const Buffers& buffers, Share share) const override {
    const int64_t pixels = geometry_.dst_h * geometry_.dst_w;
    const int64_t begin = share.begin(images_ * pixels), end = share.end(images_ * pixels);
    const auto* src = buffers.src<Element>();
    if (geometry_.is_identity() && !copies_) {
      product_.multiply({src, nullptr, geometry_.channels, plan_.runs.data(), 1, plan_.run_length}, begin, end, buffers,
                        0);
      return;
    }
    for (int64_t image = begin / pixels; image * pixels < end; ++image) {
      const int64_t from = std::max<int64_t>(0, begin - image * pixels), to = std::min(pixels, end - image * pixels);
      const Element* base = src + image * geometry_.src_h * geometry_.src_w * geometry_.channels;
      if (copies_) {
        auto* padded =
            reinterpret_cast<Element*>(buffers.scratch + buffers.scratch_stride * static_cast<size_t>(share.index));
        const RowRange rows =
            rows_read(geometry_, from / geometry_.dst_w, (to + geometry_.dst_w - 1) / geometry_.dst_w);
        pad_rows(geometry_, base, product_.fill(), rows,
                 padded + rows.begin * geometry_.padded_w() * geometry_.channels);
        base = padded;
      }
      product_.multiply(
          {base, plan_.rows.data(), 0, plan_.runs.data(), static_cast<int64_t>(plan_.runs.size()), plan_.run_length},
          from, to, buffers, image * pixels);
    }
  }

  size_t scratch_bytes() const override {
    return copies_
               ? static_cast<size_t>(geometry_.padded_h() * geometry_.padded_w() * geometry_.channels) * sizeof(Element)
               : 0;
  }
  bool in_place(size_t operand) const override {
    return operand == 3;
  }  // the addend is read just before the result is written

 private:
  WindowGeometry geometry_;
  GatherPlan plan_;
  int64_t images_;
  Product product_;
  bool copies_;
};

struct ProductF32 {
  using Element = float;

  ProductF32(const KernelRequest& request, int64_t runs, int64_t run_length)
      : weights(request.operand(1)->data->values<float>().data(), request.shape(1)[0], runs, run_length),
        range(activation_range(request.node.attrs<Conv2dAttributes>().activation)) {}

  static bool copies(int64_t) { return false; }
  static float fill() { return 0; }
  void multiply(const GatheredRows<float>& rows, int64_t begin, int64_t end, const Buffers& buffers,
                int64_t first_pixel) const {
    const int64_t offset = first_pixel * weights.n();
    const float* addend = buffers.src<float>(3);
    product(rows, weights,
            {buffers.src<float>(2), addend == nullptr ? nullptr : addend + offset, range.lowest, range.highest},
            {begin, end}, buffers.dst<float>() + offset);
  }

  PackedF32 weights;
  RealRange range;
};

struct ProductI8 {
  using Element = int8_t;

  ProductI8(const KernelRequest& request, int64_t runs, int64_t run_length)
      : weights(request.operand(1)->data->values<int8_t>().data(), request.shape(1)[0], runs, run_length),
        requantize(request, {weights.n(), runs * run_length, runs * run_length, 1},
                   request.node.attrs<Conv2dAttributes>().activation),
        zero_point(static_cast<int8_t>(request.type(0).quantization->zero_point())) {}

  static bool copies(int64_t run_length) { return run_length % 4 != 0; }  // the product reads whole groups of four
  int8_t fill() const { return zero_point; }
  void multiply(const GatheredRows<int8_t>& rows, int64_t begin, int64_t end, const Buffers& buffers,
                int64_t first_pixel) const {
    product(rows, weights, requantize.epilogue(), {begin, end}, buffers.dst<int8_t>() + first_pixel * weights.n());
  }

  PackedI8 weights;
  RequantizeI8 requantize;
  int8_t zero_point;
};

std::string declines(const KernelRequest& request) {
  if (!request.operand(1)->is_constant()) return "weights are computed at run time";
  if (request.shape(1)[3] != request.shape(0)[3]) return "grouped";
  if (request.node.attrs<Conv2dAttributes>().activation == Activation::Tanh) return "tanh is not fused";
  return "";
}

std::string declines_f32(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  if (!request.all_float()) return "operands are not all float32";
  return declines(request);
}

std::string declines_i8(const KernelRequest& request) {
  if (std::string reason = missing_avx512_vnni(); !reason.empty()) return reason;
  if (std::string reason = declines_requantize_i8(request); !reason.empty()) return reason;
  return declines(request);
}

template <class Product>
Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return std::make_unique<ConvKernel<Product>>(request);
}

}  // namespace

Implementation avx512_conv_2d_f32() { return {"avx512", declines_f32, create<ProductF32>, true, true}; }
Implementation avx512_conv_2d_i8() { return {"avx512 vnni", declines_i8, create<ProductI8>, true}; }

}  // namespace pare
