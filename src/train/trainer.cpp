#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace pare {
namespace {

Expected<void> put_labels(const Tensor& labels, std::span<float> targets) {
  const auto given = labels.values<int32_t>();
  const auto classes = targets.size() / std::max<size_t>(given.size(), 1);
  std::fill(targets.begin(), targets.end(), 0.f);
  for (size_t i = 0; i < given.size(); ++i) {
    const int32_t label = given[i];
    if (label < 0 || label >= static_cast<int32_t>(std::max<size_t>(classes, 2)))
      return bad_input("a label is {}, the network has outputs for 0 to {}", label, std::max<size_t>(classes, 2) - 1);
    if (classes == 1)
      targets[i] = static_cast<float>(label);
    else
      targets[i * classes + static_cast<size_t>(label)] = 1;
  }
  return {};
}

}  // namespace

Tensor own_copy(const Tensor& tensor) { return Tensor(tensor.dtype(), tensor.shape(), tensor.bytes()); }

Expected<Trainer> Trainer::create(const Graph& network, TrainingGraphOptions options, int threads, bool bf16) {
  Trainer trainer;
  trainer.network_ = network.clone();
  trainer.options_ = std::move(options);
  trainer.threads_ = threads;
  trainer.bf16_ = bf16;
  PARE_TRY(trainer.compiled(trainer.options_.batch));
  return trainer;
}

Expected<Trainer::Compiled*> Trainer::compiled(int64_t batch) {
  if (const auto found = compiled_.find(batch); found != compiled_.end()) return &found->second;
  TrainingGraphOptions options = options_;
  options.batch = batch;
  Compiled made;
  PARE_ASSIGN(made.graph, make_training_graph(network_, options));
  PARE_ASSIGN(const auto program,
              Program::compile(made.graph.graph, {.threads = threads_, .batch = batch, .bf16 = bf16_}));
  made.targets = program->graph().inputs[made.graph.targets()]->type.shape;
  made.context = std::make_unique<Context>(program);
  bind_state(made);
  return &compiled_.emplace(batch, std::move(made)).first->second;
}

// The first step that is compiled carries everything; one with frozen parts carries less.
void Trainer::bind_state(Compiled& step) {
  if (layout_.empty()) {
    layout_ = step.graph.carried;
    for (const CarriedTensor& each : layout_) state_.push_back(own_copy(each.initial));
  }
  for (const CarriedTensor& each : step.graph.carried) {
    const auto place =
        std::find_if(layout_.begin(), layout_.end(), [&](const auto& known) { return known.name == each.name; });
    PARE_CHECK(place != layout_.end(), "'{}' was not carried before", each.name);
    std::byte* bytes = state_[static_cast<size_t>(place - layout_.begin())].mutable_bytes().data();
    step.context->bind_input(each.input, bytes);
    if (each.output) step.context->bind_output(*each.output, bytes);
  }
}

void Trainer::freeze(bool ranges, bool statistics) {
  if (ranges == options_.freeze_ranges && statistics == options_.freeze_statistics) return;
  options_.freeze_ranges = ranges;
  options_.freeze_statistics = statistics;
  store_into(network_);  // where the next compilation finds what is frozen
  compiled_.clear();
  latest_ = nullptr;
}

Expected<void> Trainer::fill(Compiled& step, const Batch& batch, double rate) {
  const Graph& graph = step.context->program().graph();
  const auto put = [&](size_t input, const Tensor& tensor) -> Expected<void> {
    const Value& value = *graph.inputs[input];
    if (tensor.dtype() != value.type.dtype || tensor.shape().elements() != value.type.shape.elements())
      return bad_input("a batch has {}{} for '{}', the network takes {}{}", to_string(tensor.dtype()),
                       tensor.shape().to_string(), value.name, to_string(value.type.dtype),
                       value.type.shape.to_string());
    std::memcpy(step.context->input(input).data(), tensor.bytes().data(), tensor.bytes().size());
    return {};
  };
  if (batch.inputs.size() != step.graph.network_inputs)
    return bad_input("a sample has {} arrays, the network takes {}", batch.inputs.size(), step.graph.network_inputs);
  for (size_t i = 0; i < batch.inputs.size(); ++i) PARE_TRY(put(i, batch.inputs[i]));
  const bool labels = batch.targets.dtype() == DType::Int32;
  if (options_.use_targets() && labels)
    PARE_TRY(put_labels(batch.targets, step.context->input_as<float>(step.graph.targets())));
  if (options_.use_targets() && !labels) PARE_TRY(put(step.graph.targets(), batch.targets));
  PARE_TRY(put(step.graph.sample_weights(), batch.weights));
  if (options_.teacher != nullptr) {
    PARE_ASSIGN(const std::vector<Tensor> given, options_.teacher->run(batch));
    for (size_t i = 0; i < given.size(); ++i) PARE_TRY(put(step.graph.from_teacher[i], given[i]));
  }
  step.context->input_as<float>(step.graph.rate())[0] = static_cast<float>(rate);
  step.context->input_as<float>(step.graph.adam_step())[0] = static_cast<float>(adam_step(rate, steps_ + 1));
  step.context->input_as<float>(step.graph.average())[0] =
      static_cast<float>(average_momentum(options_.average, steps_ + 1));
  step.context->input_as<int32_t>(step.graph.step())[0] = static_cast<int32_t>(steps_);
  step.context->input_as<float>(step.graph.damping())[0] = static_cast<float>(damping_);
  step.context->input_as<float>(step.graph.cluster_temperature())[0] = static_cast<float>(cluster_temperature_);
  return {};
}

Expected<float> Trainer::step(const Batch& batch, double rate) {
  PARE_ASSIGN(latest_, compiled(batch.size()));
  PARE_TRY(fill(*latest_, batch, rate));
  latest_->context->run();
  ++steps_;
  const float loss = latest_->context->output_as<float>(0)[0];
  if (!std::isfinite(loss))
    return fail(ErrorCode::BadInput, "the loss became {} in step {}; a smaller --lr or --clip-norm helps",
                std::isnan(loss) ? "no number" : "infinite", steps_);
  return loss;
}

Tensor Trainer::scored() const { return latest_->context->output_tensor(1); }

Tensor* Trainer::carried(std::string_view name) {
  for (size_t i = 0; i < layout_.size(); ++i)
    if (layout_[i].name == name) return &state_[i];
  return nullptr;
}

void Trainer::store_into(Graph& network, std::span<const Tensor> state) const {
  for (size_t i = 0; i < layout_.size(); ++i) {
    const std::string& name = layout_[i].constant;
    if (name.empty()) continue;
    Value* constant = network.find_value(name);
    PARE_CHECK(constant != nullptr && constant->is_constant(), "'{}' is no constant of the network", name);
    constant->data = own_copy(state[i]);
  }
}

Expected<void> Trainer::restore(std::span<const Tensor> state, int64_t steps) {
  if (state.size() != state_.size())
    return bad_input("a checkpoint of {} tensors, {} were expected", state.size(), state_.size());
  for (size_t i = 0; i < state.size(); ++i) {
    if (state[i].dtype() != state_[i].dtype() || state[i].shape() != state_[i].shape())
      return bad_input("'{}' is {} in the checkpoint, {} was expected", layout_[i].name, state[i].shape().to_string(),
                       state_[i].shape().to_string());
    std::memcpy(state_[i].mutable_bytes().data(), state[i].bytes().data(), state[i].bytes().size());
  }
  steps_ = steps;
  return {};
}

}  // namespace pare
