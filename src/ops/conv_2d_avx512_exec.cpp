#include "engine/avx512/bfloat16.h"
#include "engine/avx512/elementwise.h"
#include "engine/avx512/gather.h"
#include "engine/avx512/requantize.h"
#include "ops/conv_2d_training_exec.h"
#include "ops/kernel_weights.h"
#include "ops/weighted_avx512_exec.h"

namespace pare {
namespace {

using namespace avx512;

constexpr int64_t kReadBehind = 4;  // elements behind the last stretch that a product of bytes may touch

// One image as the product reads it.
template <class Element>
struct Image {
  const Element* base;
  Element fill;        // for padding
  DynamicRange range;  // of an image that was quantised while running
};

// Walks images and shares; Product does the arithmetic:
//   Source, Element          of the operand, and of the rows that are multiplied
//   copies(run length)       whether rows must be copied even where nothing is padded
//   kBatches                 whether several images can be multiplied as one
//   scratch_elements(count)  what image() needs
//   image(src, count, scratch), multiply(image, rows, begin, end, buffers, first pixel of the image)
//   weights                  OrderedWeights, or what stands for weights that are always constant
template <class Product>
class ConvKernel final : public SharedWork {
  using Element = typename Product::Element;
  using Source = typename Product::Source;

 public:
  ConvKernel(const WindowGeometry& geometry, int64_t images, Product product)
      : geometry_(geometry),
        plan_(geometry_),
        images_(images),
        product_(std::move(product)),
        copies_(geometry_.is_padded() || Product::copies(plan_.run_length)) {}

  int phases() const override { return product_.weights.phases(); }

  void run_share(const Buffers& buffers, Share share) const override {
    if (product_.weights.ordered_in(share, buffers.src<float>(1), buffers)) return;
    const int64_t pixels = geometry_.dst_h * geometry_.dst_w;
    const int64_t begin = share.begin(images_ * pixels), end = share.end(images_ * pixels);
    const auto* src = buffers.src<Source>();
    auto* scratch = reinterpret_cast<Element*>(buffers.scratch_of<std::byte>(share) + product_.weights.scratch_bytes());
    if (Product::kBatches && geometry_.is_identity() && !copies_) {
      product_.multiply(product_.image(src, 0, scratch), rows(), begin, end, buffers, 0);
      return;
    }
    const int64_t elements = image_elements();
    for (int64_t image = begin / pixels; image * pixels < end; ++image) {
      const int64_t from = std::max<int64_t>(0, begin - image * pixels), to = std::min(pixels, end - image * pixels);
      Image<Element> read = product_.image(src + image * elements, elements, scratch);
      if (copies_) {
        Element* padded = scratch + Product::scratch_elements(elements);
        const RowRange range =
            rows_read(geometry_, from / geometry_.dst_w, (to + geometry_.dst_w - 1) / geometry_.dst_w);
        pad_rows(geometry_, read.base, read.fill, range,
                 padded + range.begin * geometry_.padded_w() * geometry_.channels);
        read.base = padded;
      }
      product_.multiply(read, rows(), from, to, buffers, image * pixels);
    }
  }

  size_t scratch_bytes() const override {
    int64_t elements = Product::scratch_elements(image_elements());
    if (copies_) elements += geometry_.padded_elements() + kReadBehind;
    return product_.weights.scratch_bytes() + static_cast<size_t>(elements) * sizeof(Element);
  }
  bool in_place(size_t operand) const override {
    return operand == 3;
  }  // the addend is read just before the result is written

 private:
  int64_t image_elements() const { return geometry_.src_h * geometry_.src_w * geometry_.channels; }
  GatheredRows<Element> rows() const {  // without their base
    if (geometry_.is_identity()) return {nullptr, nullptr, geometry_.channels, plan_.runs.data(), 1, plan_.run_length};
    return {nullptr,         plan_.rows.data(), 0, plan_.runs.data(), static_cast<int64_t>(plan_.runs.size()),
            plan_.run_length};
  }

  WindowGeometry geometry_;
  GatherPlan plan_;
  int64_t images_;
  Product product_;
  bool copies_;
};

// Of Packed's elements, with sums in float.
template <class Packed>
struct FloatProduct {
  using Source = float;
  using Element = typename Packed::Element;

  FloatProduct(const Value& given, const WeightPlaces& places, int64_t n, RealRange limits)
      : layout(std::make_shared<const Packed>(n, places.runs, places.run_length())),
        weights(given, n, layout->elements(),
                [places, at = layout](const float* from, int64_t begin, int64_t end, Element* to) {
                  pack(from, places, *at, begin, end, to);
                }),
        range(limits) {}

  static bool copies(int64_t) { return false; }
  void multiply(const Image<Element>& image, GatheredRows<Element> rows, int64_t begin, int64_t end,
                const Buffers& buffers, int64_t first_pixel) const {
    const int64_t offset = first_pixel * layout->n();
    const float* addend = buffers.src<float>(3);
    rows.base = image.base;
    product(rows, *layout, weights.data(buffers),
            {buffers.src<float>(2), addend == nullptr ? nullptr : addend + offset, range.lowest, range.highest},
            {begin, end}, buffers.dst<float>() + offset);
  }

  std::shared_ptr<const Packed> layout;
  OrderedWeights<Element> weights;
  RealRange range;
};

struct ProductF32 : FloatProduct<PackedF32> {
  static constexpr bool kBatches = true;
  using FloatProduct::FloatProduct;

  static int64_t scratch_elements(int64_t) { return 0; }
  static Image<float> image(const float* src, int64_t, float*) { return {src, 0, {}}; }
};

// Each image is rounded as a whole by every thread that computes a part of it.
struct ProductBF16 : FloatProduct<PackedBF16> {
  static constexpr bool kBatches = false;
  using FloatProduct::FloatProduct;

  static int64_t scratch_elements(int64_t count) { return (count + 31) / 32 * 32; }
  static Image<BFloat16> image(const float* src, int64_t count, BFloat16* scratch) {
    to_bfloat16(src, count, scratch);
    return {scratch, {}, {}};
  }
};

// Packed weights that need nothing while running.
template <class Packed>
struct AlwaysConstant {
  static int phases() { return 1; }
  static bool ordered_in(Share, const float*, const Buffers&) { return false; }
  static size_t scratch_bytes() { return 0; }
  Packed packed;
};

bool whole_steps(int64_t run_length) { return run_length % 4 == 0; }  // the byte products read groups of four

struct ProductI8 {
  using Source = int8_t;
  using Element = int8_t;
  static constexpr bool kBatches = true;

  ProductI8(const KernelRequest& request, int64_t runs, int64_t run_length)
      : weights{{request.operand(1)->data->values<int8_t>().data(), request.shape(1)[0], runs, run_length}},
        requantize(request, {weights.packed.n(), runs * run_length, runs * run_length, 1}, conv_2d_activation(request)),
        zero_point(static_cast<int8_t>(request.type(0).quantization->zero_point())) {}

  static bool copies(int64_t run_length) { return !whole_steps(run_length); }
  static int64_t scratch_elements(int64_t) { return 0; }
  Image<int8_t> image(const int8_t* src, int64_t, int8_t*) const { return {src, zero_point, {}}; }
  void multiply(const Image<int8_t>& image, GatheredRows<int8_t> rows, int64_t begin, int64_t end,
                const Buffers& buffers, int64_t first_pixel) const {
    rows.base = image.base;
    product(rows, weights.packed, requantize.epilogue(), {begin, end},
            buffers.dst<int8_t>() + first_pixel * weights.packed.n());
  }

  AlwaysConstant<PackedI8> weights;
  RequantizeI8 requantize;
  int8_t zero_point;
};

// Each image is quantised as a whole by every thread that computes a part of it.
struct ProductDynamic {
  using Source = float;
  using Element = int8_t;
  static constexpr bool kBatches = false;

  ProductDynamic(const KernelRequest& request, int64_t runs, int64_t run_length)
      : weights{{request, runs, run_length, conv_2d_activation(request)}},
        form(conv_2d_dynamic_form(*request.type(1).quantization)) {}

  static bool copies(int64_t) { return false; }
  static int64_t scratch_elements(int64_t count) { return (count + kReadBehind + 63) / 64 * 64; }
  Image<int8_t> image(const float* src, int64_t count, int8_t* scratch) const {
    const DynamicRange range = dynamic_range(src, count, form);
    quantize(src, range, count, scratch);
    return {scratch, static_cast<int8_t>(range.zero_point), range};
  }
  void multiply(const Image<int8_t>& image, GatheredRows<int8_t> rows, int64_t begin, int64_t end,
                const Buffers& buffers, int64_t first_pixel) const {
    rows.base = image.base;
    const DynamicWeights& dynamic = weights.packed;
    product(rows, dynamic.packed(), dynamic.epilogue(image.range, buffers.src<float>(2)), {begin, end},
            buffers.dst<float>() + first_pixel * dynamic.packed().n());
  }

  AlwaysConstant<DynamicWeights> weights;
  DynamicForm form;
};

std::string declines_geometry(const KernelRequest& request) {
  return request.shape(1)[3] == request.shape(0)[3] ? declines_padding(request) : "grouped";
}

std::string declines_f32(const KernelRequest& request) {
  std::string reason = declines_avx512_f32(request, conv_2d_activation(request));
  return reason.empty() ? declines_geometry(request) : reason;
}

std::string declines_i8(const KernelRequest& request) {
  std::string reason = declines_avx512_weighted_i8(request, conv_2d_activation(request));
  return reason.empty() ? declines_geometry(request) : reason;
}

std::string declines_dynamic(const KernelRequest& request) {
  std::string reason = declines_avx512_weighted_dynamic(request, conv_2d_activation(request));
  return reason.empty() ? declines_geometry(request) : reason;
}

// Of operators whose rows have this many channels.
std::string declines_rounding(const KernelRequest& request, int64_t channels) {
  if (std::string reason = declines_bf16_products(request); !reason.empty()) return reason;
  if (channels < 16) return "too few channels to gain from rounding";
  return channels % 2 == 0 ? "" : "the channels are odd";
}

std::string declines_bf16(const KernelRequest& request) {
  std::string reason = declines_rounding(request, request.shape(1)[3]);
  return reason.empty() ? declines_f32(request) : reason;
}

std::string declines_backward_src(const KernelRequest& request) {
  if (std::string reason = declines_avx512_f32(request, Activation::None); !reason.empty()) return reason;
  if (request.shape(1)[3] != request.result_type().shape[3]) return "grouped";
  return declines_turned_convolution(request);
}

std::string declines_backward_src_bf16(const KernelRequest& request) {
  std::string reason = declines_rounding(request, request.shape(1)[0]);
  return reason.empty() ? declines_backward_src(request) : reason;
}

template <class Product>
Expected<std::unique_ptr<Kernel>> create_float(const KernelRequest& request) {
  const Shape& weights = request.shape(1);
  return std::make_unique<ConvKernel<Product>>(
      conv_2d_windows(request), request.shape(0)[0],
      Product(*request.operand(1), conv_2d_places(request), weights[0], activation_range(conv_2d_activation(request))));
}

// The gradient of the image is the convolution of ddst with the window turned round.
template <class Product>
Expected<std::unique_ptr<Kernel>> create_backward_src(const KernelRequest& request) {
  const Shape& weights = request.shape(1);
  return std::make_unique<ConvKernel<Product>>(
      turned_windows(request), request.shape(0)[0],
      Product(*request.operand(1), WeightPlaces::turned(weights[0], weights[1], weights[2], weights[3]), weights[3],
              activation_range(Activation::None)));
}

template <class Product>
Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  const WindowGeometry geometry = conv_2d_windows(request);
  const GatherPlan plan(geometry);
  return std::make_unique<ConvKernel<Product>>(
      geometry, request.shape(0)[0], Product(request, static_cast<int64_t>(plan.runs.size()), plan.run_length));
}

}  // namespace

Implementation avx512_conv_2d_f32() { return {"avx512", declines_f32, create_float<ProductF32>, true, true}; }
Implementation avx512_conv_2d_bf16() { return {"avx512 bf16", declines_bf16, create_float<ProductBF16>, true, true}; }
Implementation avx512_conv_2d_backward_src() {
  return {"avx512", declines_backward_src, create_backward_src<ProductF32>, true};
}
Implementation avx512_conv_2d_backward_src_bf16() {
  return {"avx512 bf16", declines_backward_src_bf16, create_backward_src<ProductBF16>, true};
}
Implementation avx512_conv_2d_dynamic() {
  return {"avx512 vnni dynamic", declines_dynamic, create<ProductDynamic>, true};
}
Implementation avx512_conv_2d_i8() { return {"avx512 vnni", declines_i8, create<ProductI8>, true}; }

}  // namespace pare
