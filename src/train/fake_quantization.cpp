#include "train/fake_quantization.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "engine/evaluate.h"
#include "ops/fake_quantize.h"
#include "passes/rewrite.h"
#include "quant/channels.h"
#include "quant/glob.h"
#include "quant/roles.h"
#include "quant/same_scale.h"
#include "train/clustering.h"
#include "train/deployed_node.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

Tensor one(float value) { return Tensor::vector<float>({value}); }

class Inserter {
 public:
  Inserter(Graph& network, const Graph& deployed, const QuantPlan& plan, const QuantConfig& config, RangeRule rule)
      : network_(network),
        deployed_(deployed),
        plan_(plan),
        rule_(rule),
        type_(activation_type(plan.mode)),
        classes_(deployed, plan.nodes, type_) {
    for (const auto& value : deployed.values())
      for (const FixedRange& fixed : config.fixed)
        if (matches_glob(fixed.pattern, value->name)) given_.insert(classes_.representative(value.get()));
    for (const Value* input : deployed.inputs) inputs_.insert(classes_.representative(input));
  }

  Expected<void> run() {
    std::vector<std::pair<Node*, const Node*>> weighted;
    for (const auto& node : network_.nodes())
      if (const Node* there = deployed_node(network_, *node, deployed_);
          there != nullptr && rounds_weights(*node, *there))
        weighted.emplace_back(node.get(), there);
    std::vector<Value*> activations;
    if (needs_calibration(plan_.mode))
      for (const auto& value : network_.values())
        if (rounds(*value)) activations.push_back(value.get());
    for (const auto& [node, there] : weighted) PARE_TRY(round_weights(*node, *there));
    for (Value* value : activations) PARE_TRY(round_activation(value));
    for (const auto& [place, storage] : plan_.requantized) PARE_TRY(round_operand(place.first, place.second, storage));
    return network_.sort();
  }

 private:
  bool rounds_weights(const Node& node, const Node& there) const {
    const NodeRoles roles = roles_of(node), roles_there = roles_of(there);
    if (!roles.weights || !roles_there.weights || !untransformed(node.operand(*roles.weights))->is_constant())
      return false;
    const Storage* storage = plan_.of(*there.operand(*roles_there.weights));
    return storage != nullptr && storage->quantization.has_value();
  }

  // Activations whose codes do not lie on the grid already, as those of what only moves data do.
  bool rounds(const Value& value) const {
    if (value.is_constant() || value.type.dtype != DType::Float32) return false;
    const Value* there = deployed_.find_value(value.name);
    if (there == nullptr || plan_.of(*there) == nullptr) return false;
    const Node* producer = there->producer;
    return producer == nullptr || !producer->op().traits.moves_data ||
           !shares_scales(producer->op().quantization, type_) || plan_.of(*producer).precision != Precision::Integer;
  }

  Expected<void> round_weights(Node& node, const Node& there) {
    const size_t at = *roles_of(node).weights;
    const std::string& name = untransformed(node.operands[at])->name;
    const int axis = node.op().quantization.weights_axis;
    const int bits = plan_.of(*there.operand(*roles_of(there).weights))->bits;
    const Node* codebook = chain_node(node.operands[at], WeightTransform::Codebook);
    std::vector<float> log2_scales;
    if (codebook != nullptr) {
      log2_scales = integer_steps(*codebook, bits);
    } else {
      PARE_ASSIGN(const Tensor weights, transformed(*node.operands[at]));
      log2_scales = weight_parameters(weights, axis, false, bits).scales;
    }
    for (float& scale : log2_scales) scale = std::log2(scale);
    // Channels of one table have few integers together only as long as their scales keep their proportions.
    const bool is_tied = codebook != nullptr && log2_scales.size() > 1 && codebook->operand(3) != nullptr;
    Value* scales = network_.add_constant(name + "/log2_scale", Tensor::vector(log2_scales));
    const FakeQuantizeAttributes attributes{
        .bits = bits,
        .symmetric = true,
        .axis = axis,
        .step = rule_ == RangeRule::Fixed || is_tied ? StepRule::Fixed : StepRule::Learned};
    return insert_weight_transform(network_, node, at, "fake_quantize", attributes, {scales}, name + "/rounded")
        .map([](Node*) {});
  }

  Expected<void> round_activation(Value* value) {
    const Value* there = deployed_.find_value(value->name);
    const Storage& storage = *plan_.of(*there);
    const bool everywhere = there->producer != nullptr && plan_.of(*there->producer).precision == Precision::Integer;
    std::vector<Use> uses = network_.uses(value);
    const std::string name = value->name;
    const bool renames = everywhere && !network_.is_input(value);
    if (renames) network_.rename(value, name + "/real");
    const bool halves_away = there->producer != nullptr && there->producer->op().quantization.halves_away;
    PARE_ASSIGN(Value * rounded, append_rounding(value, storage, classes_.representative(there),
                                                 renames ? name : name + "/rounded", halves_away));
    if (renames)
      for (Value*& output : network_.outputs)
        if (output == value) output = rounded;
    for (const Use& use : uses)
      if (everywhere || reads_integers(*use.node)) use.node->operands[use.operand] = rounded;
    return {};
  }

  bool reads_integers(const Node& node) const {
    const Node* there = deployed_node(network_, node, deployed_);
    return there != nullptr && plan_.of(*there).precision == Precision::Integer;
  }

  // An operand that a node reads under the parameters of its result.
  Expected<void> round_operand(const std::string& key, size_t operand, const Storage& storage) {
    const Value* result = network_.find_value(key);
    const Value* there = deployed_.find_value(key);
    if (result == nullptr || there == nullptr) return {};
    Node* node = result->producer != nullptr && result->producer->is("fake_quantize")
                     ? result->producer->operand(0)->producer
                     : result->producer;
    if (node == nullptr || &node->op() != &there->producer->op()) return {};
    PARE_ASSIGN(node->operands[operand], append_rounding(node->operands[operand], storage, there,
                                                         fmt::format("{}/requantized{}", key, operand)));
    return {};
  }

  Expected<Value*> append_rounding(Value* value, const Storage& storage, const Value* of_class, std::string name,
                                   bool halves_away = false) {
    PARE_ASSIGN(const Parameters parameters, parameters_of(of_class, storage));
    const bool symmetric = type_ == DType::Int16;
    FakeQuantizeAttributes attributes{
        .bits = storage.bits, .symmetric = symmetric, .step = parameters.step, .halves_away = halves_away};
    std::vector<Value*> operands{value, parameters.log2_scale};
    if (!symmetric) operands.push_back(parameters.zero_point);
    PARE_ASSIGN(Node * rounding, network_.append(*find_op("fake_quantize"), attributes, operands, {std::move(name)}));
    return rounding->result();
  }

  // Values that share their scale share these.
  struct Parameters {
    Value *log2_scale, *zero_point;
    StepRule step;
  };

  Expected<Parameters> parameters_of(const Value* of_class, const Storage& storage) {
    if (const auto found = parameters_.find(classes_.representative(of_class)); found != parameters_.end())
      return found->second;
    PARE_ASSIGN(const Parameters made, make_parameters(*of_class, storage));
    return parameters_.emplace(classes_.representative(of_class), made).first->second;
  }

  Expected<Parameters> make_parameters(const Value& of_class, const Storage& storage) {
    const float scale = storage.quantization->scale();
    // Codes count from 0 on here, from the lowest of the storage there.
    const auto zero_point = static_cast<float>(
        type_ == DType::Int16 ? 0 : storage.quantization->zero_point() - integer_range(storage.dtype).lowest);
    const bool is_fixed =
        rule_ == RangeRule::Fixed || classes_.fixed(&of_class) || given_.contains(classes_.representative(&of_class));
    if (rule_ == RangeRule::Moving && !is_fixed) return moving_parameters(of_class.name, storage, scale, zero_point);
    // What learning the range of an input would gain is not worth a gradient of the samples.
    const bool learns = !is_fixed && !inputs_.contains(classes_.representative(&of_class));
    const StepRule step = !learns ? StepRule::Fixed : rule_ == RangeRule::Clip ? StepRule::Clip : StepRule::Learned;
    return Parameters{network_.add_constant(of_class.name + "/log2_scale", one(std::log2(scale))),
                      network_.add_constant(of_class.name + "/zero_point", one(zero_point)), step};
  }

  Expected<Parameters> moving_parameters(const std::string& name, const Storage& storage, float scale,
                                         float zero_point) {
    const bool symmetric = type_ == DType::Int16;
    const FakeCodes codes = fake_codes(storage.bits, symmetric);
    const Tensor ends =
        Tensor::vector<float>({scale * (codes.lowest - zero_point), scale * (codes.highest - zero_point)});
    Value* range = network_.add_constant(name + "/range", ends);
    PARE_ASSIGN(Node * made,
                network_.append(*find_op("range_parameters"), RangeParametersAttributes{storage.bits, symmetric},
                                {range}, {name + "/log2_scale", name + "/zero_point"}));
    return Parameters{made->result(0), made->result(1), StepRule::Fixed};
  }

  Graph& network_;
  const Graph& deployed_;
  const QuantPlan& plan_;
  RangeRule rule_;
  DType type_;
  SameScaleClasses classes_;
  std::unordered_set<const Value*> given_;                   // representatives of classes whose range is not estimated
  std::unordered_set<const Value*> inputs_;                  // representatives of classes with an input of the network
  std::unordered_map<const Value*, Parameters> parameters_;  // by the representative of a class
};

std::vector<Node*> roundings_of(const Graph& network) {
  std::vector<Node*> roundings;
  for (const auto& node : network.nodes())
    if (node->is("fake_quantize")) roundings.push_back(node.get());
  return roundings;
}

// Takes the node out; what it rounded gets the name back that it had. Gives that name.
std::string unround(Graph& network, Node* node) {
  Value *real = node->operand(0), *rounded = node->result();
  const std::string name = rounded->name;
  const bool named_after = real->name == name + "/real";
  network.replace_uses(rounded, real);
  network.erase(node);
  if (named_after) network.rename(real, name);
  return real->name;
}

// What a node gives for constant operands.
Expected<std::vector<Tensor>> computed(const Node& node) { return evaluate(node); }

class Remover {
 public:
  Remover(Graph& network, const QuantConfig& config) : network_(network), type_(activation_type(config.mode)) {}

  Expected<LearnedQuantization> run() {
    for (Node* node : roundings_of(network_)) {
      if (untransformed(node->operand(0))->is_constant())
        PARE_TRY(store_weights(node));
      else
        PARE_TRY(store_activation(node));
    }
    network_.remove_dead();
    return std::move(learned_);
  }

 private:
  Expected<void> store_weights(Node* node) {
    const auto& attributes = node->attrs<FakeQuantizeAttributes>();
    const auto log2_scales = node->operand(1)->data->values<float>();
    Node* codebook = chain_node(node->operands[0], WeightTransform::Codebook);
    if (codebook != nullptr && codebook->operand(3) != nullptr) {
      const float step = std::exp2(log2_scales[0]) / std::abs(codebook->operand(3)->data->values<float>()[0]);
      settle_centroids(*codebook, std::span(&step, 1));
    }
    PARE_ASSIGN(const Tensor rounded, transformed(*node->result()));
    const int axis = static_cast<int>(attributes.axis);
    KnownWeights known{channel_magnitudes(rounded, axis), static_cast<int>(attributes.bits)};
    for (size_t c = 0; c < known.largest_codes.size(); ++c)
      known.largest_codes[c] =
          std::nearbyint(known.largest_codes[c] / std::exp2(log2_scales[log2_scales.size() == 1 ? 0 : c]));
    Value* constant = network_.add_constant(untransformed(node->operand(0))->name + "/stored", rounded);
    learned_.weights[constant->name] = std::move(known);
    network_.replace_uses(node->result(), constant);
    network_.erase(node);
    return {};
  }

  Expected<void> store_activation(Node* node) {
    const bool symmetric = node->attrs<FakeQuantizeAttributes>().symmetric;
    if (symmetric != (type_ == DType::Int16))
      return usage_error("the network was trained for {} activations; quantise it with --mode {}",
                         symmetric ? "16-bit" : "8-bit", symmetric ? "int16x8" : "int8");
    PARE_ASSIGN(const Storage storage, storage_of(*node));
    learned_.activations[unround(network_, node)] = storage;
    return {};
  }

  Expected<Storage> storage_of(const Node& node) {
    float log2_scale, zero_point = 0;
    if (const Value* scale = node.operand(1); scale->is_constant()) {
      log2_scale = scale->data->values<float>()[0];
      if (node.operand(2) != nullptr) zero_point = node.operand(2)->data->values<float>()[0];
    } else {
      PARE_ASSIGN(const std::vector<Tensor> parameters, computed(*scale->producer));
      log2_scale = parameters[0].values<float>()[0];
      zero_point = parameters[1].values<float>()[0];
    }
    const int64_t offset = type_ == DType::Int16 ? 0 : integer_range(type_).lowest;
    return Storage{type_, Quantization::per_tensor(std::exp2(log2_scale), static_cast<int64_t>(zero_point) + offset),
                   static_cast<int>(node.attrs<FakeQuantizeAttributes>().bits)};
  }

  Graph& network_;
  DType type_;
  LearnedQuantization learned_;
};

}  // namespace

Expected<void> insert_fake_quantization(Graph& network, const Graph& deployed, const QuantPlan& plan,
                                        const QuantConfig& config, RangeRule rule) {
  return Inserter(network, deployed, plan, config, rule).run();
}

bool is_training_form(const Graph& network) { return !roundings_of(network).empty(); }

void forget_fake_quantization(Graph& network) {
  for (Node* node : roundings_of(network)) unround(network, node);
  network.remove_dead();
}

Expected<LearnedQuantization> remove_fake_quantization(Graph& network, const QuantConfig& config) {
  return Remover(network, config).run();
}

void settle_biases(Graph& form, const Graph& deployed, const QuantPlan& plan) {
  for (const auto& node : form.nodes()) {
    const NodeRoles roles = roles_of(*node);
    const Node* there = roles.weights ? deployed_node(form, *node, deployed) : nullptr;
    const std::optional<size_t> at = there != nullptr ? roles_of(*there).bias : std::nullopt;
    const Storage* storage = at ? plan.of(*there->operand(*at)) : nullptr;
    if (storage == nullptr || !storage->quantization) continue;
    const Node* reader = only_reader(form, node->result());
    const bool normalized = reader != nullptr && reader->is("batch_normalization");
    Value* shift = normalized ? reader->operand(2) : roles.bias ? node->operand(*roles.bias) : nullptr;
    if (shift == nullptr || !shift->is_constant() || form.use_count(shift) != 1) continue;
    const Tensor& bias = *there->operand(*at)->data;
    const Tensor stored =
        dequantize_tensor(quantize_tensor(bias, *storage->quantization, storage->dtype), *storage->quantization);
    const auto values = shift->data->mutable_values<float>();
    if (values.size() != bias.values<float>().size()) continue;
    for (size_t c = 0; c < values.size(); ++c) values[c] += stored.values<float>()[c] - bias.values<float>()[c];
  }
}

KnownParameters known_parameters(const LearnedQuantization& learned, const Graph& network, const Graph& deployed) {
  KnownParameters known{learned.activations, {}};
  for (const auto& node : network.nodes()) {
    const NodeRoles roles = roles_of(*node);
    if (!roles.weights) continue;
    const auto found = learned.weights.find(node->operand(*roles.weights)->name);
    if (found == learned.weights.end()) continue;
    if (const Node* there = deployed_node(network, *node, deployed)) known.weights[key_of(*there)] = found->second;
  }
  return known;
}

}  // namespace pare
