// A compiled graph. Compile once, run many: implementations chosen, weights packed, one arena planned by lifetimes. The running
// loop allocates nothing. A Program is immutable and shared; each caller has a Context with its own memory.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/tensor.h"
#include "engine/kernel.h"
#include "engine/memory_plan.h"
#include "engine/threads.h"
#include "ir/graph.h"

namespace pare {

struct CompileOptions {
  Engine engine = Engine::Fast;
  int threads = 1;        // threads that one run may use inside operators
  int64_t batch = 1;      // bound to the symbolic dimensions of the inputs
  bool fuse = true;       // off: every node of the graph runs by itself, so that an observer sees each result
  bool bf16 = false;      // see KernelRequest
  bool keep_all = false;  // every intermediate keeps its own memory until the end of the run (for comparing tensors)
};

// One operator of the program.
struct Step {
  const Node* node;
  std::unique_ptr<Kernel> kernel;
  std::string_view implementation;
};

class Program {
 public:
  // Compiles a copy of the graph: binds the batch, infers all shapes, evaluates what is constant, plans memory.
  static Expected<std::shared_ptr<const Program>> compile(const Graph& graph, const CompileOptions& options);

  const CompileOptions& options() const { return options_; }
  const Graph& graph() const { return graph_; }  // the concrete graph; its values carry static shapes
  const std::vector<Step>& steps() const { return steps_; }
  size_t arena_bytes() const { return plan_.arena_bytes; }
  const MemoryPlan& memory_plan() const { return plan_; }

 private:
  friend class Context;
  Program() = default;

  CompileOptions options_;
  Graph graph_;
  std::vector<Step> steps_;
  MemoryPlan plan_;
  size_t scratch_stride_ = 0;  // scratch of one thread
};

// Memory and pointers of one caller. Not to be used by two threads at once.
class Context {
 public:
  explicit Context(std::shared_ptr<const Program> program);

  const Program& program() const { return *program_; }

  // Memory of input and output number i, in the graph's order; valid for the life of the context (an output until the next run).
  std::span<std::byte> input(size_t i);
  std::span<const std::byte> output(size_t i) const;
  template <class T>
  std::span<T> input_as(size_t i) {
    return as<T>(input(i));
  }
  template <class T>
  std::span<const T> output_as(size_t i) const {
    return as<const T>(output(i));
  }

  // Makes the program read input i from, or write output i to, the caller's memory instead of its own (as many bytes, aligned
  // like any array of its elements). Binding null goes back. Slices of a large batch run so without copies.
  void bind_input(size_t i, const void* data);
  void bind_output(size_t i, void* data);

  // Copies tensors in, in the graph's order. Fails unless types and shapes are those of the inputs.
  Expected<void> set_inputs(std::span<const Tensor> inputs);
  Tensor output_tensor(size_t i) const;

  void run();

  // Sees each result as soon as it is computed, before its memory is reused; graph inputs come first.
  using Observer = std::function<void(const Value& value, const void* data)>;
  void run(const Observer& observer);
  // Sets every variable back to zero.
  void reset_state();

  // Address of a value in the latest run; meaningful for inputs, outputs, constants, and with keep_all for every value.
  const void* data(const Value* value) const;

 private:
  template <class T, class Byte>
  static std::span<T> as(std::span<Byte> bytes) {
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  void run_steps(size_t begin, size_t end);
  void bind(const Value* value, const void* data);
  const void* own_memory(const Value* value) const;

  std::shared_ptr<const Program> program_;
  std::unordered_map<const Value*, const void*> bound_;  // inputs and outputs that live in the caller's memory
  AlignedBytes arena_;
  std::vector<Buffers> buffers_;  // one a step
  SpinBarrier barrier_;
};

}  // namespace pare
