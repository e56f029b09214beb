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

// A kernel around one primitive. Arguments are bound by number to operands, results, constants or scratch.
class PrimitiveKernel final : public Kernel {
 public:
  enum class Source { Operand, Result, Owned };
  struct Argument {
    int id;  // DNNL_ARG_...
    Source source;
    size_t index;         // of the operand or result
    dnnl::memory memory;  // with its own data for Owned
  };

  PrimitiveKernel(dnnl::primitive primitive, std::vector<Argument> arguments, const dnnl::memory::desc& scratchpad);
  void run(const Buffers& buffers) const override;
  size_t scratch_bytes() const override { return scratch_bytes_; }
  bool threads_inside() const override { return true; }

 private:
  dnnl::primitive primitive_;
  std::vector<Argument> arguments_;
  dnnl::memory::desc scratchpad_;
  size_t scratch_bytes_;
};

}  // namespace pare::onednn
