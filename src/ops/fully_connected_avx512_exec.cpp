#include "engine/avx512/elementwise.h"
#include "engine/avx512/requantize.h"
#include "ops/fully_connected.h"
#include "ops/weighted_avx512_exec.h"

namespace pare {
namespace {

using namespace avx512;

constexpr int64_t kOnlyRun = 0;  // offset of the single stretch of each row

Activation activation(const KernelRequest& request) {
  return request.node.attrs<FullyConnectedAttributes>().activation;
}

// Threads divide the rows where there are enough of them, else the columns.
Region region_of(Share share, int64_t rows, int64_t blocks) {
  if (rows >= 4 * share.count) return {share.begin(rows), share.end(rows)};
  return {0, rows, share.begin(blocks), share.end(blocks)};
}

template <class Packed>
class FullyConnectedKernel : public Kernel {
 public:
  explicit FullyConnectedKernel(const KernelRequest& request, Packed weights)
      : k_(request.shape(1)[1]), rows_(k_ == 0 ? 0 : request.shape(0).elements() / k_), weights_(std::move(weights)) {}
  void run(const Buffers& buffers) const override { run_share(buffers, {}); }

 protected:
  template <class Element>
  GatheredRows<Element> rows_of(const Element* src) const {
    return {src, nullptr, k_, &kOnlyRun, 1, k_};
  }

  int64_t k_, rows_;
  Packed weights_;
};

class FullyConnectedF32 final : public FullyConnectedKernel<PackedF32> {
 public:
  explicit FullyConnectedF32(const KernelRequest& request)
      : FullyConnectedKernel(request, PackedF32(request.operand(1)->data->values<float>().data(), request.shape(1)[0],
                                                1, request.shape(1)[1])),
        range_(activation_range(activation(request))) {}

  void run_share(const Buffers& buffers, Share share) const override {
    product(rows_of(buffers.src<float>()), weights_, {buffers.src<float>(2), nullptr, range_.lowest, range_.highest},
            region_of(share, rows_, static_cast<int64_t>(weights_.blocks().size())), buffers.dst<float>());
  }

 private:
  RealRange range_;
};

class FullyConnectedI8 final : public FullyConnectedKernel<PackedI8> {
 public:
  explicit FullyConnectedI8(const KernelRequest& request)
      : FullyConnectedKernel(request, PackedI8(request.operand(1)->data->values<int8_t>().data(), request.shape(1)[0],
                                               1, request.shape(1)[1])),
        requantize_(request, {request.shape(1)[0], request.shape(1)[1], request.shape(1)[1], 1}, activation(request)) {}

  void run_share(const Buffers& buffers, Share share) const override {
    product(rows_of(buffers.src<int8_t>()), weights_, requantize_.epilogue(),
            region_of(share, rows_, static_cast<int64_t>(weights_.blocks().size())), buffers.dst<int8_t>());
  }

 private:
  RequantizeI8 requantize_;
};

std::string declines_f32(const KernelRequest& request) {
  return declines_avx512_weighted_f32(request, activation(request));
}

std::string declines_i8(const KernelRequest& request) {
  if (request.shape(1)[1] % 4 != 0) return "rows are not a multiple of four bytes";
  return declines_avx512_weighted_i8(request, activation(request));
}

// Each row is quantised on its own, as TFLite does.
class FullyConnectedDynamic final : public Kernel {
 public:
  explicit FullyConnectedDynamic(const KernelRequest& request)
      : k_(request.shape(1)[1]),
        rows_(request.shape(0).elements() / k_),
        weights_(request, 1, k_, activation(request)),
        form_{.asymmetric = request.node.attrs<FullyConnectedAttributes>().asymmetric_quantize_inputs} {}

  void run(const Buffers& buffers) const override { run_share(buffers, {}); }
  void run_share(const Buffers& buffers, Share share) const override {
    auto* codes = buffers.scratch_of<int8_t>(share);
    const Region region = region_of(share, rows_, static_cast<int64_t>(weights_.packed().blocks().size()));
    for (int64_t row = region.begin; row < region.end; ++row) {
      const float* src = buffers.src<float>() + row * k_;
      const DynamicRange range = dynamic_range(src, k_, form_);
      quantize(src, range, k_, codes);
      product({codes, nullptr, k_, &kOnlyRun, 1, k_}, weights_.packed(),
              weights_.epilogue(range, buffers.src<float>(2)), {0, 1, region.first_block, region.end_block},
              buffers.dst<float>() + row * weights_.packed().n());
    }
  }
  size_t scratch_bytes() const override { return static_cast<size_t>(k_) + 4; }  // the product reads groups of four

 private:
  int64_t k_, rows_;
  DynamicWeights weights_;
  DynamicForm form_;
};

std::string declines_dynamic(const KernelRequest& request) {
  if (request.shape(1)[1] == 0) return "rows are empty";
  return declines_avx512_weighted_dynamic(request, activation(request));
}

template <class Implemented>
Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) {
  return std::make_unique<Implemented>(request);
}

}  // namespace

Implementation avx512_fully_connected_f32() { return {"avx512", declines_f32, create<FullyConnectedF32>, true}; }
Implementation avx512_fully_connected_dynamic() {
  return {"avx512 vnni dynamic", declines_dynamic, create<FullyConnectedDynamic>, true};
}
Implementation avx512_fully_connected_i8() { return {"avx512 vnni", declines_i8, create<FullyConnectedI8>, true}; }

}  // namespace pare
