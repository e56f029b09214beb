#include "engine/onednn.h"
#include "ops/activation.h"
#include "ops/pool_geometry.h"

namespace pare {
namespace {

// Calls finish(output index, state, elements in the window) for each output element; add(state, src value) goes over the window.
template <class State, class Src, class Add, class Finish>
void pool(const PoolGeometry& g, const Src* src, State initial, Add add, Finish finish) {
  int64_t at = 0;
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t y = 0; y < g.dst_h; ++y)
      for (int64_t x = 0; x < g.dst_w; ++x) {
        const Stretch rows = covered(y, g.h, g.pad_h, g.src_h), columns = covered(x, g.w, g.pad_w, g.src_w);
        const int64_t count = (rows.last - rows.first) * (columns.last - columns.first);
        for (int64_t c = 0; c < g.channels; ++c, ++at) {
          State state = initial;
          for (int64_t i = rows.first; i < rows.last; ++i)
            for (int64_t j = columns.first; j < columns.last; ++j)
              state = add(state, src[((n * g.src_h + i) * g.src_w + j) * g.channels + c]);
          finish(at, state, count);
        }
      }
}

PoolGeometry geometry(const KernelRequest& request) {
  return {request.node.attrs<Pool2dAttributes>(), request.shape(0), request.result_type().shape};
}

Expected<std::unique_ptr<Kernel>> create_float_average(const KernelRequest& request) {
  const Activation activation = request.node.attrs<Pool2dAttributes>().activation;
  return make_kernel([g = geometry(request), activation](const Buffers& buffers) {
    float* dst = buffers.dst<float>();
    pool(
        g, buffers.src<float>(), 0.f, [](float sum, float value) { return sum + value; },
        [&](int64_t at, float sum, int64_t count) { dst[at] = activate(sum / static_cast<float>(count), activation); });
  });
}

Expected<std::unique_ptr<Kernel>> create_float_max(const KernelRequest& request) {
  const Activation activation = request.node.attrs<Pool2dAttributes>().activation;
  return make_kernel([g = geometry(request), activation](const Buffers& buffers) {
    float* dst = buffers.dst<float>();
    pool(
        g, buffers.src<float>(), std::numeric_limits<float>::lowest(),
        [](float best, float value) { return std::max(best, value); },
        [&](int64_t at, float best, int64_t) { dst[at] = activate(best, activation); });
  });
}

// --- integers: stored values are pooled as they are, so src and dst must share their parameters

std::string declines_integer(const KernelRequest& request) {
  const DType dtype = request.dtype();
  if (dtype != DType::Int8 && dtype != DType::UInt8 && dtype != DType::Int16) return "src is not i8, u8 or i16";
  if (request.result_type().dtype != dtype) return "src and dst have different types";
  if (request.node.attrs<Pool2dAttributes>().activation != Activation::None && !request.result_type().is_quantized())
    return "dst has no quantisation parameters";
  return "";
}

IntegerRange stored_range(const KernelRequest& request) {
  const Activation activation = request.node.attrs<Pool2dAttributes>().activation;
  return activation == Activation::None ? integer_range(request.dtype())
                                        : quantized_activation_range(activation, request.result_type());
}

template <class T>
std::unique_ptr<Kernel> integer_average(const KernelRequest& request) {
  return make_kernel([g = geometry(request), range = stored_range(request)](const Buffers& buffers) {
    T* dst = buffers.dst<T>();
    pool(
        g, buffers.src<T>(), int32_t{0}, [](int32_t sum, T value) { return sum + value; },
        [&](int64_t at, int32_t sum, int64_t count) {
          const int64_t rounded = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
          dst[at] = static_cast<T>(std::clamp(rounded, range.lowest, range.highest));
        });
  });
}

template <class T>
std::unique_ptr<Kernel> integer_max(const KernelRequest& request) {
  return make_kernel([g = geometry(request), range = stored_range(request)](const Buffers& buffers) {
    T* dst = buffers.dst<T>();
    pool(
        g, buffers.src<T>(), std::numeric_limits<T>::lowest(), [](T best, T value) { return std::max(best, value); },
        [&](int64_t at, T best, int64_t) {
          dst[at] = static_cast<T>(std::clamp<int64_t>(best, range.lowest, range.highest));
        });
  });
}

Expected<std::unique_ptr<Kernel>> create_integer_average(const KernelRequest& request) {
  if (request.dtype() == DType::Int8) return integer_average<int8_t>(request);
  if (request.dtype() == DType::UInt8) return integer_average<uint8_t>(request);
  return integer_average<int16_t>(request);
}

Expected<std::unique_ptr<Kernel>> create_integer_max(const KernelRequest& request) {
  if (request.dtype() == DType::Int8) return integer_max<int8_t>(request);
  if (request.dtype() == DType::UInt8) return integer_max<uint8_t>(request);
  return integer_max<int16_t>(request);
}

// --- oneDNN

std::string declines_onednn(const KernelRequest& request) {
  if (std::string reason = declines_non_float(request); !reason.empty()) return reason;
  return request.node.attrs<Pool2dAttributes>().activation == Activation::None ? "" : "a fused activation";
}

Expected<std::unique_ptr<Kernel>> create_onednn(const KernelRequest& request, dnnl::algorithm algorithm) {
  using namespace onednn;
  return guarded([&]() -> Expected<std::unique_ptr<Kernel>> {
    const PoolGeometry g = geometry(request);
    const auto src = nhwc(request.shape(0), dnnl::memory::data_type::f32),
               dst = nhwc(request.result_type().shape, dnnl::memory::data_type::f32);
    const dnnl::pooling_forward::desc desc(dnnl::prop_kind::forward_inference, algorithm, src, dst,
                                           {g.h.stride, g.w.stride}, {g.h.kernel, g.w.kernel},
                                           {g.pad_h.before, g.pad_w.before}, {g.pad_h.after, g.pad_w.after});
    const dnnl::pooling_forward::primitive_desc pd(desc, user_scratchpad(), cpu());
    PrimitiveSequence sequence;
    sequence.add(dnnl::pooling_forward(pd),
                 {sequence.operand(DNNL_ARG_SRC, 0, src), sequence.result(DNNL_ARG_DST, 0, dst, dst)},
                 pd.scratchpad_desc());
    return std::move(sequence).kernel();
  });
}

Expected<std::unique_ptr<Kernel>> create_onednn_average(const KernelRequest& request) {
  return create_onednn(request, dnnl::algorithm::pooling_avg_exclude_padding);
}
Expected<std::unique_ptr<Kernel>> create_onednn_max(const KernelRequest& request) {
  return create_onednn(request, dnnl::algorithm::pooling_max);
}

}  // namespace

ImplementationList exec_average_pool_2d() {
  return {{"onednn", declines_onednn, create_onednn_average, true},
          {"plain", declines_non_float, create_float_average},
          {"integer", declines_integer, create_integer_average}};
}
ImplementationList exec_max_pool_2d() {
  return {{"onednn", declines_onednn, create_onednn_max, true},
          {"plain", declines_non_float, create_float_max},
          {"integer", declines_integer, create_integer_max}};
}

}  // namespace pare
