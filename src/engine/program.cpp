#include "engine/program.h"

#include <cstring>

#include "engine/evaluate.h"
#include "engine/fuse.h"
#include "engine/threads.h"

namespace pare {
namespace {

size_t round_up(size_t bytes) {
  return (bytes + AlignedBytes::kAlignment - 1) / AlignedBytes::kAlignment * AlignedBytes::kAlignment;
}

Expected<void> bind_batch(Graph& graph, int64_t batch) {
  bind_inputs(graph, batch);
  // Shapes may hang on values (a reshape to a computed shape): infer and fold in turn, one node at a time.
  PARE_TRY(concretise(graph));
  for (const auto& value : graph.values()) {
    if (!value->type.shape.is_static())
      return unsupported("the shape of tensor '{}' is {}, known only at run time", value->name,
                         value->type.shape.to_string());
    PARE_TRY(check_fits_memory(*value));
  }
  return {};
}

// The vectorised integer kernels take weights of one byte.
void unpack_int4_weights(Graph& graph) {
  for (const auto& node : graph.nodes()) {
    const QuantRule& rule = node->op().quantization;
    if (!rule.int4_weights || node->operand(0)->type.dtype != DType::Int8) continue;
    Value* weights = node->operand(static_cast<size_t>(rule.weights));
    if (!weights->is_constant() || weights->type.dtype != DType::Int4 || graph.use_count(weights) != 1) continue;
    weights->data =
        Tensor::of<int8_t>(weights->type.shape, unpack_int4(weights->data->bytes(), weights->data->elements()));
    weights->type.dtype = DType::Int8;
  }
}

std::vector<PlannedNode> planned_nodes(const std::vector<Step>& steps) {
  std::vector<PlannedNode> nodes;
  for (const Step& step : steps) {
    PlannedNode planned{step.node, {}};
    for (size_t i = 0; i < step.node->operands.size(); ++i) planned.in_place.push_back(step.kernel->in_place(i));
    nodes.push_back(std::move(planned));
  }
  return nodes;
}

}  // namespace

Expected<std::shared_ptr<const Program>> Program::compile(const Graph& graph, const CompileOptions& options) {
  std::shared_ptr<Program> program(new Program());
  program->options_ = options;
  program->graph_ = graph.clone();
  PARE_TRY(bind_batch(program->graph_, options.batch));
  if (options.engine == Engine::Fast) unpack_int4_weights(program->graph_);
  if (options.engine == Engine::Fast && options.fuse && !options.keep_all)
    fuse_for_engine(program->graph_, options.threads);
  const KernelThreads scope(options.threads);
  for (const auto& node : program->graph_.nodes()) {
    PARE_ASSIGN(ChosenKernel chosen, create_kernel({*node, options.engine, options.threads, options.bf16}));
    program->scratch_stride_ = std::max(program->scratch_stride_, round_up(chosen.kernel->scratch_bytes()));
    program->steps_.push_back({node.get(), std::move(chosen.kernel), chosen.implementation});
  }
  program->plan_ = plan_memory(program->graph_, planned_nodes(program->steps_), options.keep_all);
  return program;
}

Context::Context(std::shared_ptr<const Program> program)
    : program_(std::move(program)),
      arena_(program_->plan_.arena_bytes +
             program_->scratch_stride_ * static_cast<size_t>(program_->options_.threads)) {
  for (const Step& step : program_->steps_) {
    Buffers buffers;
    for (const Value* operand : step.node->operands)
      buffers.operands.push_back(operand == nullptr ? nullptr : data(operand));
    for (const Value* result : step.node->results) buffers.results.push_back(const_cast<void*>(data(result)));
    buffers.scratch = arena_.data() + program_->plan_.arena_bytes;
    buffers.scratch_stride = program_->scratch_stride_;
    buffers_.push_back(std::move(buffers));
  }
}

void Context::bind_input(size_t i, const void* data) { bind(program_->graph_.inputs.at(i), data); }
void Context::bind_output(size_t i, void* data) { bind(program_->graph_.outputs.at(i), data); }

void Context::bind(const Value* value, const void* data) {
  if (value->is_constant()) return;  // an output that does not depend on the inputs keeps its place
  if (data == nullptr)
    bound_.erase(value);
  else
    bound_[value] = data;
  const void* target = data == nullptr ? own_memory(value) : data;
  for (size_t step = 0; step < buffers_.size(); ++step) {
    const Node& node = *program_->steps_[step].node;
    for (size_t i = 0; i < node.operands.size(); ++i)
      if (node.operands[i] == value) buffers_[step].operands[i] = target;
    for (size_t i = 0; i < node.results.size(); ++i)
      if (node.results[i] == value) buffers_[step].results[i] = const_cast<void*>(target);
  }
}

const void* Context::data(const Value* value) const {
  const auto bound = bound_.find(value);
  return bound == bound_.end() ? own_memory(value) : bound->second;
}

const void* Context::own_memory(const Value* value) const {
  if (value->is_constant()) return value->data->bytes().data();
  return arena_.data() + program_->plan_.placements.at(value).offset;
}

std::span<std::byte> Context::input(size_t i) {
  const Value* value = program_->graph_.inputs.at(i);
  return {const_cast<std::byte*>(static_cast<const std::byte*>(data(value))),
          program_->plan_.placements.at(value).bytes};
}

std::span<const std::byte> Context::output(size_t i) const {
  const Value* value = program_->graph_.outputs.at(i);
  if (value->is_constant()) return value->data->bytes();
  return {static_cast<const std::byte*>(data(value)), program_->plan_.placements.at(value).bytes};
}

Expected<void> Context::set_inputs(std::span<const Tensor> inputs) {
  const std::vector<Value*>& wanted = program_->graph_.inputs;
  if (inputs.size() != wanted.size())
    return bad_input("{} inputs were given, the model takes {}", inputs.size(), wanted.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorType& type = wanted[i]->type;
    if (inputs[i].dtype() != type.dtype || inputs[i].shape() != type.shape)
      return bad_input("input '{}' is {}{}, the model takes {}{}", wanted[i]->name, to_string(inputs[i].dtype()),
                       inputs[i].shape().to_string(), to_string(type.dtype), type.shape.to_string());
    std::memcpy(input(i).data(), inputs[i].bytes().data(), inputs[i].bytes().size());
  }
  return {};
}

Tensor Context::output_tensor(size_t i) const {
  const TensorType& type = program_->graph_.outputs.at(i)->type;
  return Tensor(type.dtype, type.shape, output(i).first(storage_bytes(type.dtype, type.shape.elements())));
}

void Context::run() {
  const int threads = program_->options_.threads;
  const KernelThreads scope(threads);
  const std::vector<Step>& steps = program_->steps_;
  if (threads == 1) {
    for (size_t i = 0; i < steps.size(); ++i) steps[i].kernel->run(buffers_[i]);
    return;
  }
  // Stretches of steps that a team does together, interrupted by kernels that bring their own threads.
  for (size_t begin = 0; begin < steps.size();) {
    size_t end = begin;
    while (end < steps.size() && !steps[end].kernel->threads_inside()) ++end;
    run_steps(begin, end);
    if (end < steps.size()) steps[end].kernel->run(buffers_[end]);
    begin = end + 1;
  }
}

void Context::run_steps(size_t begin, size_t end) {
  if (begin == end) return;
  run_team(program_->options_.threads, [&](int share, int shares) {
    for (size_t i = begin; i < end; ++i) {
      const Kernel& kernel = *program_->steps_[i].kernel;
      for (int phase = 0; phase < kernel.phases(); ++phase) {
        kernel.run_share(buffers_[i], {share, shares, phase});
        barrier_.wait(shares);
      }
    }
  });
}

void Context::run(const Observer& observer) {
  const KernelThreads scope(program_->options_.threads);
  for (const Value* input : program_->graph_.inputs) observer(*input, data(input));
  for (size_t i = 0; i < buffers_.size(); ++i) {
    program_->steps_[i].kernel->run(buffers_[i]);
    for (const Value* result : program_->steps_[i].node->results) observer(*result, data(result));
  }
}

void Context::reset_state() {
  for (const auto& [value, place] : program_->plan_.placements)
    if (value->is_variable) std::memset(arena_.data() + place.offset, 0, place.bytes);
}

}  // namespace pare
