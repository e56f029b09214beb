#include "engine/avx512/elementwise.h"
#include "engine/cpu.h"
#include "engine/kernel.h"
#include "ops/activation.h"
#include "ops/elementwise_binary.h"

namespace pare {
namespace {

using namespace avx512;

class AddI8 final : public Kernel {
 public:
  explicit AddI8(const KernelRequest& request) : count_(request.shape(0).elements()) {
    const Quantization& a = *request.type(0).quantization;
    const Quantization& b = *request.type(1).quantization;
    const Quantization& dst = *request.result_type().quantization;
    const double factor_a = double{a.scale()} / dst.scale(), factor_b = double{b.scale()} / dst.scale();
    const double offset = static_cast<double>(dst.zero_point()) - factor_a * static_cast<double>(a.zero_point()) -
                          factor_b * static_cast<double>(b.zero_point());
    const IntegerRange range =
        quantized_activation_range(request.node.attrs<AddAttributes>().activation, request.result_type());
    sum_ = {static_cast<float>(factor_a), static_cast<float>(factor_b), static_cast<float>(offset),
            static_cast<int32_t>(range.lowest), static_cast<int32_t>(range.highest)};
  }

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }
  void run_share(const Buffers& buffers, Share share) const override {
    const int64_t begin = share.begin(count_), end = share.end(count_);
    add(buffers.src<int8_t>(0) + begin, buffers.src<int8_t>(1) + begin, sum_, end - begin,
        buffers.dst<int8_t>() + begin);
  }
  bool in_place(size_t) const override { return true; }

 private:
  int64_t count_;
  SumI8 sum_;
};

std::string declines(const KernelRequest& request) {
  if (std::string reason = missing_avx512(); !reason.empty()) return reason;
  const auto quantized = [](const TensorType& type) {
    return type.dtype == DType::Int8 && type.is_quantized() && type.quantization->is_per_tensor();
  };
  if (!quantized(request.type(0)) || !quantized(request.type(1)) || !quantized(request.result_type()))
    return "not int8";
  if (request.shape(0) != request.shape(1)) return "shapes are broadcast";
  return request.node.attrs<AddAttributes>().activation == Activation::Tanh ? "tanh is not fused" : "";
}

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) { return std::make_unique<AddI8>(request); }

}  // namespace

Implementation avx512_add_i8() { return {"avx512", declines, create, true}; }

}  // namespace pare
