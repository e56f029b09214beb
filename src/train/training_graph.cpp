#include "train/training_graph.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "engine/evaluate.h"
#include "ops/batch_normalization_training.h"
#include "ops/fake_quantize.h"
#include "ops/normalization.h"
#include "ops/updates.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "train/apply_dropout.h"
#include "train/bind_batch.h"
#include "train/differentiate.h"
#include "train/soften_codebooks.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

// A weight becomes an input of the graph. Gives it by its old name.
Value* opened(Graph& graph, Value* constant) {
  const std::string name = constant->name;
  graph.rename(constant, name + "/initial");
  Value* input = graph.add_input(name, constant->type);
  graph.replace_uses(constant, input);
  graph.erase(constant);
  return input;
}

constexpr float kRangeMomentum = 0.99f, kStatisticMomentum = 0.98f;

class Maker {
 public:
  Maker(const Graph& network, const TrainingGraphOptions& options) : options_(options), graph_(network.clone()) {}

  Expected<TrainingGraph> make() {
    TrainingGraph made;
    made.network_inputs = graph_.inputs.size();
    PARE_TRY(check_float());
    PARE_TRY(bind_batch(graph_, options_.batch));
    PARE_TRY(find_learned());
    if (learned_.empty()) return unsupported("there is nothing to train: no weights, or all of them are frozen");
    PARE_TRY(expose_features());
    PARE_TRY(rewrite());
    Value* output = graph_.outputs.at(options_.output);
    Value* scored = scored_value(output, options_.loss.loss);
    if (scored->type.shape.rank() == 0 || scored->type.shape[0] != options_.batch)
      return unsupported("the output '{}' is {} for {} samples; networks that take several at a time are trained",
                         output->name, output->type.shape.to_string(), options_.batch);
    Value* targets = graph_.add_input("targets", scored->type);
    Value* weights = graph_.add_input("sample_weights", {DType::Float32, Shape{options_.batch}, {}});
    rates_ = {graph_.add_input("learning_rate", {DType::Float32, Shape{1}, {}}),
              graph_.add_input("adam_step", {DType::Float32, Shape{1}, {}}),
              graph_.add_input("average_momentum", {DType::Float32, Shape{1}, {}})};
    Value* step = graph_.add_input("step", {DType::Int32, Shape{1}, {}});
    Value* damping = graph_.add_input("damping", {DType::Float32, Shape{1}, {}});
    Value* temperature = graph_.add_input("cluster_temperature", {DType::Float32, Shape{1}, {}});
    if (options_.dropout)
      PARE_TRY(apply_dropout(graph_, step, options_.seed));
    else
      leave_out_dropout(graph_);
    open_weights();
    open_steered();
    PARE_TRY(soften_clusters(temperature));
    if (options_.damping) damp_weights(damping);
    PARE_ASSIGN(Value * loss, append_whole_loss(scored, targets, weights));
    PARE_TRY(append_updates(loss));
    graph_.outputs = {loss, scored};
    for (const Carried& each : carried_) {
      made.carried.push_back({each.before->name, initial_of(*each.before), position_of(each.before),
                              graph_.outputs.size(), constant_of(each.before->name)});
      graph_.outputs.push_back(each.after);
    }
    for (const Value* each : steered_) {
      CarriedTensor steered{each->name, initial_of(*each), position_of(each), {}, each->name};
      if (const auto found = next_codes_.find(each); found != next_codes_.end()) {
        steered.output = graph_.outputs.size();
        graph_.outputs.push_back(found->second);
      }
      made.carried.push_back(std::move(steered));
    }
    for (const Value* each : from_teacher_) made.from_teacher.push_back(position_of(each));
    graph_.remove_dead();
    made.graph = std::move(graph_);
    return made;
  }

 private:
  Expected<void> check_float() const {
    for (const auto& value : graph_.values())
      if (value->type.is_quantized())
        return unsupported("the tensor '{}' is quantised; train the float network and quantise it afterwards",
                           value->name);
    return {};
  }

  // Before anything is rewritten: which constants are learned, and which statistics move.
  Expected<void> find_learned() {
    for (const auto& node : graph_.nodes()) {
      const Node& user = user_of(*node);
      if (options_.is_frozen(user)) continue;
      const bool rounds = node->is("fake_quantize");
      if (rounds && options_.freeze_ranges) continue;
      // The weights of a chain are found where it ends.
      for (size_t i = &user == node.get() ? 0 : 1; i < node->operands.size(); ++i) {
        const Value* constant = learned_constant(*node, i);
        if (constant == nullptr || is_mean(*node, i)) continue;
        learned_.insert(constant->name);
        if (rounds) {
          steps_.insert(constant->name);
          continue;
        }
        const float factor = options_.rate_factor(user);
        if (factors_.emplace(constant->name, factor).first->second != factor)
          return unsupported("the weights '{}' belong to several operators; give them the same rate", constant->name);
      }
      if (node->is("batch_normalization") && !options_.freeze_statistics) moving_.insert(node->name);
      if (rounds && node->operand(1)->producer != nullptr)
        readers_of(node->operand(1)->producer->operand(0)).push_back(node.get());
    }
    return {};
  }

  // Centroids that follow from the weights themselves.
  bool is_mean(const Node& node, size_t operand) const {
    return operand == 1 && node.op().traits.weight_transform == WeightTransform::Codebook &&
           options_.soft_clusters.contains(untransformed(node.operand(0))->name);
  }

  // The node at the end of a chain of transforms of weights; any other node itself.
  const Node& user_of(const Node& node) const {
    if (node.op().traits.weight_transform == WeightTransform::None || !untransformed(node.operand(0))->is_constant())
      return node;
    const std::vector<Use> uses = graph_.uses(node.result());
    return uses.empty() ? node : user_of(*uses.front().node);
  }

  // What is rounded by this range. Nodes, for rewrites exchange what these read.
  std::vector<Node*>& readers_of(Value* range) {
    const auto found =
        std::find_if(ranges_.begin(), ranges_.end(), [&](const auto& known) { return known.first == range; });
    if (found != ranges_.end()) return found->second;
    return ranges_.emplace_back(range, std::vector<Node*>()).second;
  }

  Expected<void> rewrite() {
    PARE_TRY(split_activations(graph_, evaluate));
    PARE_TRY(expand_normalizations(graph_, evaluate));
    return train_normalizations();
  }

  // As outputs they come through every rewrite.
  Expected<void> expose_features() {
    if (options_.teacher == nullptr) return {};
    for (const FeaturePair& pair : options_.distillation.features) {
      Value* value = named_value(graph_, pair.student);
      if (value == nullptr || value->producer == nullptr)
        return bad_input("the student has no value '{}'; `pare inspect --layers` lists their names", pair.student);
      features_.push_back(graph_.outputs.size());
      graph_.outputs.push_back(value);
    }
    return {};
  }

  Expected<Value*> append_whole_loss(Value* scored, Value* targets, Value* weights) {
    Value* hard = nullptr;
    if (options_.use_targets()) { PARE_ASSIGN(hard, append_loss(graph_, options_.loss, scored, targets, weights)); }
    if (options_.teacher == nullptr) return hard;
    std::vector<Value*> features;
    for (const size_t output : features_) features.push_back(graph_.outputs[output]);
    PARE_ASSIGN(DistillationTerms terms, append_distillation(graph_, options_.distillation, options_.loss.loss, scored,
                                                             features, options_.teacher->shapes(), hard, weights));
    from_teacher_ = std::move(terms.from_teacher);
    for (const Regressor& each : terms.regressors) {
      weights_.insert(weights_.end(), {each.weights, each.bias});
      initial_[each.weights->name] = each.initial_weights;
      initial_[each.bias->name] = each.initial_bias;
    }
    return terms.loss;
  }

  void open_weights() {
    for (const std::string& name : learned_) {
      Value* constant = graph_.find_value(name);
      initial_[name] = *constant->data;
      of_network_.insert(name);
      weights_.push_back(opened(graph_, constant));
    }
  }

  // Masks and codes: which weights are zero, and which centroid stands for each.
  void open_steered() {
    std::set<Value*> constants;
    for (const auto& node : graph_.nodes())
      if (Value* constant = steered_constant(*node)) constants.insert(constant);
    for (Value* constant : constants) {
      initial_[constant->name] = *constant->data;
      steered_.push_back(opened(graph_, constant));
    }
    std::ranges::sort(steered_, {}, [](const Value* value) { return value->name; });
  }

  // Centroids become means of weights that are trained, and codes follow from both.
  Expected<void> soften_clusters(Value* temperature) {
    std::set<const Value*> soft;
    for (const Value* weights : weights_)
      if (options_.soft_clusters.contains(weights->name)) soft.insert(weights);
    PARE_ASSIGN(const std::vector<SoftCodebook> softened, soften_codebooks(graph_, soft, temperature));
    for (const SoftCodebook& each : softened) {
      const std::string name = each.centroids->name;
      initial_[name] = *each.centroids->data;
      of_network_.insert(name);
      carried_.push_back({opened(graph_, each.centroids), each.next_centroids});
      next_codes_[each.codes] = each.next_codes;
    }
    return {};
  }

  void damp_weights(Value* damping) {
    for (const auto& node : graph_.nodes()) {
      if (!node->is("fake_quantize")) continue;
      const Value* rounded = untransformed(node->operand(0));
      if (std::find(weights_.begin(), weights_.end(), rounded) == weights_.end()) continue;
      node->operands.resize(4);
      node->operands[3] = damping;
    }
  }

  // Batch normalisations take the statistics of the batch where these move, and a clip behind them into themselves.
  Expected<void> train_normalizations() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes())
      if (node->is("batch_normalization")) nodes.push_back(node.get());
    for (Node* node : nodes) PARE_TRY(train_normalization(node, moving_.contains(node->name)));
    return {};
  }

  Expected<void> train_normalization(Node* node, bool moves) {
    BatchNormalizationTrainingAttributes attributes{.epsilon = node->attrs<BatchNormalizationAttributes>().epsilon,
                                                    .fixed = !moves};
    Node* clip = only_reader(graph_, node->result());
    if (clip != nullptr && (clip->is("relu") || clip->is("relu6")))
      attributes.activation = clip->is("relu") ? Activation::Relu : Activation::Relu6;
    else
      clip = nullptr;
    Value *mean = node->operand(3), *variance = node->operand(4);
    std::vector<Value*> operands{node->operand(0), node->operand(1), node->operand(2)};
    if (!moves) operands.insert(operands.end(), {mean, variance});
    PARE_ASSIGN(Node * trained, graph_.append(*find_op("batch_normalization_training"), attributes, operands,
                                              {node->name + "/batch", node->name + "/mean", node->name + "/variance"}));
    graph_.move_last_before(node);
    Node* last = clip != nullptr ? clip : node;
    graph_.replace_uses(last->result(), trained->result(0));
    if (clip != nullptr) graph_.erase(clip);
    graph_.erase(node);
    if (!moves) return {};
    statistics_.push_back({mean, trained->result(1)});
    statistics_.push_back({variance, trained->result(2)});
    return {};
  }

  // The results of masks in front of weights that are trained.
  std::vector<const Node*> masks() const {
    std::vector<const Node*> found;
    if (options_.mask_statistic == MaskStatistic::None) return found;
    for (const auto& node : graph_.nodes())
      if (node->op().traits.weight_transform == WeightTransform::Mask &&
          std::ranges::find(weights_, node->operand(0)) != weights_.end())
        found.push_back(node.get());
    return found;
  }

  // Operators that share their weights have a mask node each, whose gradients add up.
  void append_mask_statistics(GraphWriter& write, const std::vector<const Node*>& masks,
                              std::span<Value* const> gradients) {
    std::map<std::string, std::pair<Value*, Value*>> by_weights;  // in the order of their names
    for (size_t i = 0; i < masks.size(); ++i) {
      if (gradients[i] == nullptr) continue;
      auto& [weights, sum] = by_weights[masks[i]->operand(0)->name];
      weights = masks[i]->operand(0);
      sum = sum == nullptr ? gradients[i] : write.op("add", {sum, gradients[i]});
    }
    for (const auto& [name, both] : by_weights) {
      const auto& [weights, gradient] = both;
      Value* statistic = graph_.add_input(mask_statistic_name(name), weights->type);
      carried_.push_back({statistic, moved_statistic(write, statistic, weights, gradient)});
    }
  }

  Value* moved_statistic(GraphWriter& write, Value* statistic, Value* weights, Value* gradient) const {
    const MovingAverageAttributes average{kStatisticMomentum};
    switch (options_.mask_statistic) {
      case MaskStatistic::Movement: return write.op("sub", {statistic, write.op("mul", {weights, gradient})});
      case MaskStatistic::Fisher:
        return write.op("moving_average", {statistic, write.op("mul", {gradient, gradient})}, average);
      default: return write.op("moving_average", {statistic, write.op("abs", {gradient})}, average);
    }
  }

  Expected<void> append_updates(Value* loss) {
    const std::vector<const Node*> masked = masks();
    std::vector<Value*> wanted = weights_;
    for (const Node* each : masked) wanted.push_back(each->result());
    PARE_ASSIGN(std::vector<Value*> gradients, differentiate(graph_, loss, wanted));
    const std::vector<Value*> of_masks(gradients.begin() + std::ssize(weights_), gradients.end());
    gradients.resize(weights_.size());
    for (size_t i = 0; i < weights_.size(); ++i)
      if (gradients[i] == nullptr)
        return unsupported("the loss does not depend on the weights '{}'; freeze what they belong to",
                           weights_[i]->name);
    GraphWriter write(graph_, "update");
    append_mask_statistics(write, masked, of_masks);
    gradients = clipped(write, options_.optimizer, std::move(gradients));
    for (size_t i = 0; i < weights_.size(); ++i) {
      const bool decays = weights_[i]->type.shape.rank() > 1;
      // Steps are logarithms: Adam moves each by a share of itself, whatever its size.
      const bool is_step = steps_.contains(weights_[i]->name);
      append_update(write, graph_, is_step ? OptimizerOptions{} : options_.optimizer, decays, weights_[i], gradients[i],
                    rates_of(write, weights_[i]->name), carried_);
    }
    for (const auto& [constant, present] : statistics_) {
      const std::string name = constant->name;
      if (initial_.contains(name))
        return unsupported("the statistics '{}' belong to several layers; freeze them", name);
      initial_[name] = *constant->data;
      of_network_.insert(name);
      Value* average = opened(graph_, constant);
      carried_.push_back({average, write.op("moving_average", {average, present},
                                            MovingAverageAttributes{options_.statistics_momentum})});
    }
    move_ranges(write);
    append_averages(write);
    return write.finish(loss).map([](Value*) {});
  }

  // A range follows what all values of its class span in the batch; it is used before it moves.
  void move_ranges(GraphWriter& write) {
    for (const auto& [constant, readers] : ranges_) {
      initial_[constant->name] = *constant->data;
      of_network_.insert(constant->name);
      Value* range = opened(graph_, constant);
      Value* moved = range;
      for (const Node* reader : readers)
        moved = write.op("moving_range", {moved, reader->operand(0)}, MovingAverageAttributes{kRangeMomentum});
      carried_.push_back({range, moved});
    }
  }

  Rates rates_of(GraphWriter& write, const std::string& weight) {
    const auto known = factors_.find(weight);
    if (known == factors_.end() || known->second == 1) return rates_;
    const float factor = known->second;
    if (const auto found = scaled_rates_.find(factor); found != scaled_rates_.end()) return found->second;
    Value* scale = write.scalar(factor);
    const Rates scaled{write.op("mul", {rates_.rate, scale}), write.op("mul", {rates_.adam_step, scale}),
                       rates_.average};
    return scaled_rates_[factor] = scaled;
  }

  // Beside each weight and statistic of the network its average over the steps.
  void append_averages(GraphWriter& write) {
    if (options_.average <= 0) return;
    const std::vector<Carried> all = carried_;
    for (const Carried& each : all) {
      const std::string& name = each.before->name;
      if (!of_network_.contains(name)) continue;
      Value* average = graph_.add_input(name + "/average", each.before->type);
      averaged_[average->name] = name;
      carried_.push_back({average, write.op("moving_average", {average, each.after, rates_.average})});
    }
  }

  // The constant of the network that takes what is carried under this name: averages stand for what they are of.
  std::string constant_of(const std::string& carried) const {
    if (const auto found = averaged_.find(carried); found != averaged_.end()) return found->second;
    return averaged_.empty() && of_network_.contains(carried) ? carried : "";
  }

  // What the optimiser keeps begins as zeros, an average as what it is of.
  Tensor initial_of(const Value& value) const {
    const auto averaged = averaged_.find(value.name);
    const auto found = initial_.find(averaged == averaged_.end() ? value.name : averaged->second);
    return found == initial_.end() ? Tensor(value.type.dtype, value.type.shape) : found->second;
  }

  size_t position_of(const Value* input) const {
    return static_cast<size_t>(std::find(graph_.inputs.begin(), graph_.inputs.end(), input) - graph_.inputs.begin());
  }

  const TrainingGraphOptions& options_;
  Graph graph_;
  std::set<std::string> learned_, moving_, steps_, of_network_;
  std::vector<std::pair<Value*, std::vector<Node*>>> ranges_;  // moving ranges as constants, what is rounded by them
  std::unordered_map<std::string, Tensor> initial_;
  std::unordered_map<std::string, std::string> averaged_;  // the name of an average -> of what
  std::vector<Value*> weights_;
  std::vector<std::pair<Value*, Value*>> statistics_;  // the moving constant, that of the batch
  Rates rates_{};
  std::map<std::string, float> factors_;  // of the rate, for each weight
  std::map<float, Rates> scaled_rates_;   // by factor
  std::vector<Carried> carried_;
  std::vector<Value*> steered_;
  std::unordered_map<const Value*, Value*> next_codes_;  // of steered codes that a step chooses itself
  std::vector<size_t> features_;                         // outputs of the student while it is rewritten
  std::vector<Value*> from_teacher_;
};

}  // namespace

std::string mask_statistic_name(std::string_view weights) { return fmt::format("{}/mask_statistic", weights); }

Value* steered_constant(const Node& node) {
  switch (node.op().traits.weight_transform) {
    case WeightTransform::Mask: return node.operands[1];
    case WeightTransform::Codebook: return node.operands[2];
    default: return nullptr;
  }
}

Value* learned_constant(const Node& node, size_t operand) {
  const std::vector<OperandSpec>& specs = node.op().operands;
  Value* value = node.operands[operand];
  if (operand >= specs.size() || !specs[operand].learned || value == nullptr) return nullptr;
  const auto* rounding = node.attributes.get_if<FakeQuantizeAttributes>();
  if (rounding != nullptr && rounding->step == StepRule::Fixed) return nullptr;
  value = untransformed(value);
  const bool learned = value->is_constant() && value->type.dtype == DType::Float32 && !value->type.is_quantized();
  return learned ? value : nullptr;
}

Expected<TrainingGraph> make_training_graph(const Graph& network, const TrainingGraphOptions& options) {
  return Maker(network, options).make();
}

std::vector<std::string> trainable_constants(const Graph& network) {
  std::vector<std::string> names;
  std::unordered_set<const Value*> seen;
  for (const auto& node : network.nodes())
    for (size_t i = 0; i < node->operands.size(); ++i)
      if (const Value* constant = learned_constant(*node, i); constant != nullptr && seen.insert(constant).second)
        names.push_back(constant->name);
  return names;
}

}  // namespace pare
