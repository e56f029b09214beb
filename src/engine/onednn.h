// oneDNN as the kernels see it: the engine, a stream, and primitives over NHWC activations. The only file that knows which major
// version of oneDNN is installed.
#pragma once

#include <dnnl.hpp>

#include <vector>

#include "engine/kernel.h"

namespace pare::onednn {

const dnnl::engine& cpu();

// A stream of the calling thread.
dnnl::stream& stream();

dnnl::memory::data_type data_type(DType dtype);

// Row-major description of any shape. A rank-4 NHWC shape is given to oneDNN in its logical order N,C,H,W with format nhwc.
dnnl::memory::desc plain(const std::vector<int64_t>& dims, dnnl::memory::data_type type);
dnnl::memory::desc nhwc(const Shape& shape, dnnl::memory::data_type type);
dnnl::memory::desc any_layout(const std::vector<int64_t>& dims, dnnl::memory::data_type type);

// Memory that points to nothing yet; execute() sets the pointer.
dnnl::memory unbound(const dnnl::memory::desc& desc);

// Copies `source` (of layout `from`) into a new buffer of layout `to`.
dnnl::memory reorder(const void* source, const dnnl::memory::desc& from, const dnnl::memory::desc& to);

// Appends the element-wise post-operation for a fused activation.
void append_activation(dnnl::post_ops& post_ops, Activation activation);
// Whether oneDNN can fuse it.
bool can_fuse(Activation activation);

// Runs `body`, turning dnnl::error into an Error of ours.
template <class Body>
auto guarded(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const dnnl::error& error) { return unsupported("oneDNN: {}", error.what()); }
}

// What one kernel runs: primitives in order, with memory of its own between them.
class PrimitiveSequence {
 public:
  enum class Source { Operand, Result, Owned, Scratch };
  struct Argument {
    int id;  // DNNL_ARG_...
    Source source;
    size_t index;         // of the operand or result; bytes from the beginning of the scratch memory
    dnnl::memory memory;  // with its own data for Owned
  };

  // Operand `index`, which lies as `have`, for a primitive that wants it as `wanted`: a constant is reordered here once, other operands
  // by a primitive in front of each run where the layouts differ.
  Argument operand(int id, const KernelRequest& request, size_t index, const dnnl::memory::desc& have,
                   const dnnl::memory::desc& wanted);
  Argument operand(int id, size_t index, const dnnl::memory::desc& have);
  // Result `index`, which shall lie as `have`, of a primitive that makes it as `made`. The primitive is the next to be added.
  Argument result(int id, size_t index, const dnnl::memory::desc& have, const dnnl::memory::desc& made);

  void add(dnnl::primitive primitive, std::vector<Argument> arguments, const dnnl::memory::desc& scratchpad = {});
  std::unique_ptr<Kernel> kernel() &&;

 private:
  struct Step {
    dnnl::primitive primitive;
    std::vector<Argument> arguments;
    dnnl::memory::desc scratchpad;
  };
  class SequenceKernel;

  size_t reserve(const dnnl::memory::desc& desc);
  static Step reorder_step(Argument from, Argument to);

  std::vector<Step> steps_, after_next_;
  size_t scratch_bytes_ = 0;  // of what lies between primitives
};

// Attributes that leave the scratch memory to us.
dnnl::primitive_attr user_scratchpad();

}  // namespace pare::onednn
