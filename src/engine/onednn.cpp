#include "engine/onednn.h"

#include <unordered_map>

#include "engine/cpu.h"

namespace pare::onednn {

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  thread_local dnnl::stream stream(cpu());
  return stream;
}

dnnl::memory::data_type data_type(DType dtype) {
  switch (dtype) {
    case DType::Float32: return dnnl::memory::data_type::f32;
    case DType::Int8: return dnnl::memory::data_type::s8;
    case DType::UInt8: return dnnl::memory::data_type::u8;
    case DType::Int32: return dnnl::memory::data_type::s32;
    default: PARE_CHECK(false, "no oneDNN type for {}", to_string(dtype));
  }
}

dnnl::memory::desc plain(const std::vector<int64_t>& dims, dnnl::memory::data_type type) {
  const std::vector<int64_t> strides = row_major_strides(Shape(dims));
  return dnnl::memory::desc(dims, type, strides);
}

dnnl::memory::desc nhwc(const Shape& shape, dnnl::memory::data_type type) {
  return dnnl::memory::desc({shape[0], shape[3], shape[1], shape[2]}, type, dnnl::memory::format_tag::nhwc);
}

dnnl::memory::desc any_layout(const std::vector<int64_t>& dims, dnnl::memory::data_type type) {
  return dnnl::memory::desc(dims, type, dnnl::memory::format_tag::any);
}

dnnl::memory unbound(const dnnl::memory::desc& desc) { return dnnl::memory(desc, cpu(), nullptr); }

dnnl::memory reorder(const void* source, const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  dnnl::memory in(from, cpu(), const_cast<void*>(source));
  dnnl::memory out(to, cpu());
  dnnl::reorder(in, out).execute(stream(), in, out);
  stream().wait();
  return out;
}

bool can_fuse(Activation activation) { return activation != Activation::Tanh; }

void append_activation(dnnl::post_ops& post_ops, Activation activation) {
  switch (activation) {
    case Activation::None: break;
    case Activation::Relu: post_ops.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f); break;
    case Activation::Relu6: post_ops.append_eltwise(1.f, dnnl::algorithm::eltwise_clip, 0.f, 6.f); break;
    case Activation::ReluN1To1: post_ops.append_eltwise(1.f, dnnl::algorithm::eltwise_clip, -1.f, 1.f); break;
    case Activation::Tanh: post_ops.append_eltwise(1.f, dnnl::algorithm::eltwise_tanh, 0.f, 0.f); break;
  }
}

PrimitiveKernel::PrimitiveKernel(dnnl::primitive primitive, std::vector<Argument> arguments,
                                 const dnnl::memory::desc& scratchpad)
    : primitive_(std::move(primitive)),
      arguments_(std::move(arguments)),
      scratchpad_(scratchpad),
      scratch_bytes_(scratchpad.get_size()) {}

void PrimitiveKernel::run(const Buffers& buffers) const {
  // Memory objects are cheap handles, but not shareable between threads: each run binds its own.
  std::unordered_map<int, dnnl::memory> bound;
  for (const Argument& argument : arguments_) {
    if (argument.source == Source::Owned) {
      bound.emplace(argument.id, argument.memory);
      continue;
    }
    void* data = argument.source == Source::Result ? buffers.results[argument.index]
                                                   : const_cast<void*>(buffers.operands[argument.index]);
    bound.emplace(argument.id, dnnl::memory(argument.memory.get_desc(), cpu(), data));
  }
  if (scratch_bytes_ > 0) bound.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(scratchpad_, cpu(), buffers.scratch));
  primitive_.execute(stream(), bound);
}

}  // namespace pare::onednn

namespace pare {

std::string onednn_version() {
  const dnnl::version_t* version = dnnl::version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
}

bool onednn_saturates() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx512_core: return true;
    default: return false;
  }
}

}  // namespace pare
