#include "engine/onednn.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

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

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

namespace {

constexpr size_t kAlignment = 64;

size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

class PrimitiveSequence::SequenceKernel final : public Kernel {
 public:
  SequenceKernel(std::vector<Step> steps, size_t between) : steps_(std::move(steps)), between_(between) {
    for (const Step& step : steps_) scratchpad_ = std::max(scratchpad_, step.scratchpad.get_size());
  }

  // Memory objects are cheap handles, but not shareable between threads: each run binds its own.
  void run(const Buffers& buffers) const override {
    for (const Step& step : steps_) {
      std::unordered_map<int, dnnl::memory> bound;
      for (const Argument& argument : step.arguments) bound.emplace(argument.id, bind(argument, buffers));
      if (step.scratchpad.get_size() > 0)
        bound.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(step.scratchpad, cpu(), buffers.scratch + between_));
      step.primitive.execute(stream(), bound);
    }
  }
  size_t scratch_bytes() const override { return between_ + scratchpad_; }
  bool threads_inside() const override { return true; }

 private:
  static dnnl::memory bind(const Argument& argument, const Buffers& buffers) {
    if (argument.source == Source::Owned) return argument.memory;
    void* data = argument.source == Source::Scratch  ? buffers.scratch + argument.index
                 : argument.source == Source::Result ? buffers.results[argument.index]
                                                     : const_cast<void*>(buffers.operands[argument.index]);
    return dnnl::memory(argument.memory.get_desc(), cpu(), data);
  }

  std::vector<Step> steps_;
  size_t between_, scratchpad_ = 0;
};

size_t PrimitiveSequence::reserve(const dnnl::memory::desc& desc) {
  return std::exchange(scratch_bytes_, scratch_bytes_ + aligned(desc.get_size()));
}

PrimitiveSequence::Step PrimitiveSequence::reorder_step(Argument from, Argument to) {
  const dnnl::reorder::primitive_desc reorder(cpu(), from.memory.get_desc(), cpu(), to.memory.get_desc(),
                                              user_scratchpad());
  from.id = DNNL_ARG_FROM;
  to.id = DNNL_ARG_TO;
  return {dnnl::reorder(reorder), {std::move(from), std::move(to)}, reorder.scratchpad_desc()};
}

PrimitiveSequence::Argument PrimitiveSequence::operand(int id, size_t index, const dnnl::memory::desc& have) {
  return {id, Source::Operand, index, unbound(have)};
}

PrimitiveSequence::Argument PrimitiveSequence::operand(int id, const KernelRequest& request, size_t index,
                                                       const dnnl::memory::desc& have,
                                                       const dnnl::memory::desc& wanted) {
  const Value* value = request.operand(index);
  if (value->is_constant()) return {id, Source::Owned, 0, reorder(value->data->bytes().data(), have, wanted)};
  Argument given = operand(id, index, have);
  if (have == wanted) return given;
  Argument reordered{id, Source::Scratch, reserve(wanted), unbound(wanted)};
  steps_.push_back(reorder_step(std::move(given), reordered));
  return reordered;
}

PrimitiveSequence::Argument PrimitiveSequence::result(int id, size_t index, const dnnl::memory::desc& have,
                                                      const dnnl::memory::desc& made) {
  Argument wanted{id, Source::Result, index, unbound(have)};
  if (have == made) return wanted;
  Argument between{id, Source::Scratch, reserve(made), unbound(made)};
  after_next_.push_back(reorder_step(between, std::move(wanted)));
  return between;
}

void PrimitiveSequence::add(dnnl::primitive primitive, std::vector<Argument> arguments,
                            const dnnl::memory::desc& scratchpad) {
  steps_.push_back({std::move(primitive), std::move(arguments), scratchpad});
  std::move(after_next_.begin(), after_next_.end(), std::back_inserter(steps_));
  after_next_.clear();
}

std::unique_ptr<Kernel> PrimitiveSequence::kernel() && {
  return std::make_unique<SequenceKernel>(std::move(steps_), scratch_bytes_);
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
