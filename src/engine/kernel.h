// What an operator's implementation gives the engine. Each `ops/<op>_exec.cpp` returns an ordered list of implementations:
// fast ones first, the plain C++ reference last. The first that accepts a node is used; each refusal says why.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace pare {

// Which kernels may be chosen.
//   Reference: plain C++; integer results are bit for bit those of LiteRT's reference kernels (BUILTIN_REF).
//   Fast:      oneDNN and vectorised kernels; integer results may differ by one unit in the last place.
enum class Engine { Fast, Reference };
template <>
struct EnumNames<Engine> {
  static constexpr std::array<std::string_view, 2> names{"fast", "reference"};
};

// A node about to be compiled. Every shape is static; constant operands have their data.
struct KernelRequest {
  const Node& node;
  Engine engine = Engine::Fast;
  int threads = 1;  // threads that one execution may use
  bool bf16 =
      false;  // float operands of products, convolutions' and matrix products', may be rounded to bfloat16; sums stay in float32

  const Value* operand(size_t i) const { return node.operand(i); }
  const TensorType& type(size_t i) const { return node.operand(i)->type; }
  const Shape& shape(size_t i) const { return node.operand(i)->type.shape; }
  const TensorType& result_type(size_t i = 0) const { return node.result(i)->type; }
  bool has(size_t i) const { return node.operand(i) != nullptr; }
  DType dtype(size_t i = 0) const { return type(i).dtype; }
  // All operands given (and not constant-folded away) and all results are float32.
  bool all_float() const;
};

// One thread's part of an execution that several threads do together.
struct Share {
  int index = 0;
  int count = 1;
  int phase = 0;  // see Kernel::phases()
  // This share of [0, items).
  int64_t begin(int64_t items) const { return items * index / count; }
  int64_t end(int64_t items) const { return items * (index + 1) / count; }
};

// Pointers for one execution, in the order of the node's operands and results; absent operands are null. Operands and results
// never overlap unless the kernel asked for it (Kernel::in_place).
struct Buffers {
  std::vector<const void*> operands;
  std::vector<void*> results;
  // Kernel::scratch_bytes() for each share, one after the other, aligned to 64; content undefined.
  std::byte* scratch = nullptr;
  size_t scratch_stride = 0;  // bytes from one share's scratch to the next one's

  template <class T>
  const T* src(size_t i = 0) const {
    return static_cast<const T*>(i < operands.size() ? operands[i] : nullptr);
  }
  template <class T>
  T* dst(size_t i = 0) const {
    return static_cast<T*>(results[i]);
  }
  template <class T>
  T* scratch_of(Share share) const {
    return reinterpret_cast<T*>(scratch + scratch_stride * static_cast<size_t>(share.index));
  }
};

// A prepared operator: weights prepacked, parameters computed. Running allocates nothing, does not throw, and may be done by
// several threads at once with different buffers.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void run(const Buffers& buffers) const = 0;
  // The part of one thread; each share is called once a phase, all at the same time, and none may wait for another. A kernel that is
  // not worth splitting does everything in share 0.
  virtual void run_share(const Buffers& buffers, Share share) const {
    if (share.index == 0) run(buffers);
  }
  // Phases begin when all shares have ended the one before. Scratch memory keeps its content between them.
  virtual int phases() const { return 1; }
  // True for a kernel that starts threads of its own inside run(); it is then called outside of any team.
  virtual bool threads_inside() const { return false; }
  virtual size_t scratch_bytes() const { return 0; }  // of one share
  // True when result 0 may lie in the memory of this operand (same size, read element by element).
  virtual bool in_place(size_t /*operand*/) const { return false; }
};

// A kernel that is written as shares.
class SharedWork : public Kernel {
 public:
  void run(const Buffers& buffers) const final {
    for (int phase = 0; phase < phases(); ++phase) run_share(buffers, {0, 1, phase});
  }
  void run_share(const Buffers& buffers, Share share) const override = 0;
};

// A kernel out of a function, for everything that needs no state beyond captures.
std::unique_ptr<Kernel> make_kernel(std::function<void(const Buffers&)> run, size_t scratch_bytes = 0);
// The same for element-wise kernels whose result may overwrite an operand of equal size.
std::unique_ptr<Kernel> make_in_place_kernel(std::function<void(const Buffers&)> run);

struct Implementation {
  std::string_view name;  // "onednn", "avx512", "plain", "int8 reference"...
  // Why this implementation cannot take the node; empty when it can.
  std::string (*declines)(const KernelRequest&);
  Expected<std::unique_ptr<Kernel>> (*create)(const KernelRequest&);
  bool fast_only = false;     // not allowed for Engine::Reference
  bool takes_addend = false;  // adds one more operand before the activation (see fuse_for_engine)
};
using ImplementationList = std::vector<Implementation>;

// Why kernels of floats alone cannot take a node.
std::string declines_non_float(const KernelRequest& request);

// The implementations of an operator by its name; empty for one that the engine cannot run (expanded or folded before).
const ImplementationList& implementations(std::string_view op_name);

// The first implementation that accepts the node, or null.
const Implementation* choose_implementation(const KernelRequest& request);

// Creates the kernel of the first implementation that accepts the node and can. Fails with the reasons of all when none does.
struct ChosenKernel {
  std::unique_ptr<Kernel> kernel;
  std::string_view implementation;
};
Expected<ChosenKernel> create_kernel(const KernelRequest& request);

}  // namespace pare
