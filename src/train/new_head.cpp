#include "train/new_head.h"

#include <algorithm>
#include <array>

#include "formats/keras/new_outputs.h"
#include "ops/reshape.h"
#include "passes/inline_composites.h"
#include "passes/rewrite.h"
#include "train/first_weights.h"

namespace pare {
namespace {

// What may stand behind a classifier.
constexpr std::array<std::string_view, 9> kBehind{"softmax", "log_softmax", "logistic",        "reshape", "squeeze",
                                                  "relu",    "relu6",       "average_pool_2d", "mean"};

bool is_classifier(const Node& node) {
  if (node.is("fully_connected")) return true;
  if (!node.is("conv_2d")) return false;
  const Shape& weights = node.operand(1)->type.shape;
  return weights[1] == 1 && weights[2] == 1;
}

// The classifier first, then what is behind it.
Expected<std::vector<Node*>> find_head(const Graph& graph) {
  if (graph.outputs.size() != 1)
    return unsupported("the network has {} outputs; a new head goes on networks with one", graph.outputs.size());
  std::vector<Node*> head;
  for (const Value* value = graph.outputs[0];; value = head.front()->operand(0)) {
    Node* node = value->producer;
    if (node == nullptr) return unsupported("the network has no classifier at its end, which a new head could replace");
    const bool found = is_classifier(*node);
    if (!found && std::ranges::count(kBehind, node->op().name) == 0)
      return unsupported(
          "a new head takes the place of a fully_connected or 1x1 conv_2d at the end, but for softmax and the like; found {}",
          describe(*node));
    if (graph.use_count(value) != 1)
      return unsupported("several operators read the result of {}, which a new head would change", describe(*node));
    head.insert(head.begin(), node);
    if (found) return head;
  }
}

Expected<void> check_weights(const Graph& graph, const Node& classifier) {
  for (size_t i = 1; i <= 2; ++i) {
    const Value* weights = classifier.operand(i);
    if (weights == nullptr) continue;
    if (!weights->is_constant() || weights->type.dtype != DType::Float32 || weights->type.is_quantized())
      return unsupported("{} has no constant float weights; a new head goes on float networks", describe(classifier));
    if (graph.use_count(weights) != 1)
      return unsupported("'{}' belongs to several operators; a new head needs weights of its own", weights->name);
  }
  return {};
}

void set_data(Value* constant, Tensor data) {
  constant->type.shape = data.shape();
  constant->data = std::move(data);
}

void set_weights(const Node& classifier, int64_t classes, uint64_t seed) {
  Random random(seed);
  Shape shape = classifier.operand(1)->type.shape;
  const int64_t inputs = shape[-1];
  shape[0] = classes;
  set_data(classifier.operand(1), glorot_uniform(shape, inputs, classes, random));
  if (Value* bias = classifier.operand(2)) set_data(bias, Tensor(DType::Float32, {classes}));
}

// The shape that a reshape gives, where it names the number of classes: its last extent.
void set_shape(Graph& graph, Node* reshape, int64_t before, int64_t classes) {
  auto* attributes = &reshape->attributes.as<ReshapeAttributes>();
  if (!attributes->new_shape.empty() && attributes->new_shape.back() == before) attributes->new_shape.back() = classes;
  Value* shape = reshape->operand(1);
  if (shape == nullptr || !shape->is_constant()) return;
  std::vector<int64_t> extents = to_int64(*shape->data);
  if (extents.empty() || extents.back() != before) return;
  extents.back() = classes;
  Tensor changed(shape->type.dtype, shape->type.shape);
  if (shape->type.dtype == DType::Int32)
    std::ranges::copy(extents, changed.mutable_values<int32_t>().begin());
  else
    std::ranges::copy(extents, changed.mutable_values<int64_t>().begin());
  if (graph.use_count(shape) == 1)
    shape->data = std::move(changed);
  else
    reshape->operands[1] = graph.add_constant(shape->name, std::move(changed));
}

// A sigmoid tells two classes apart by one output; several need a softmax.
Expected<void> replace_sigmoid(Graph& graph, Node* sigmoid) {
  PARE_ASSIGN(Value * softmax, insert_before(graph, sigmoid, "softmax", op_named("softmax").attributes,
                                             {sigmoid->operand(0)}, sigmoid->result()->name + "/softmax"));
  replace(graph, sigmoid, softmax);
  return {};
}

}  // namespace

Expected<NewHead> put_new_head(Model& model, int64_t classes, uint64_t seed) {
  PARE_TRY(inline_composites(model));
  Graph& graph = model.main();
  PARE_ASSIGN(const std::vector<Node*> head, find_head(graph));
  Node* classifier = head.front();
  PARE_TRY(check_weights(graph, *classifier));
  NewOutputs change{.before = classifier->operand(1)->type.shape[0], .after = classes};
  const auto sigmoid = std::ranges::find_if(head, [](const Node* node) { return node->is("logistic"); });
  if (classes == 1 && std::ranges::any_of(head, [](const Node* node) { return node->is("softmax"); }))
    return unsupported("a softmax over one class is always 1; two classes are --classes 2");
  change.softmax = sigmoid != head.end() && change.before == 1 && classes > 1;
  const NewHead made{classifier->name, change.before};
  for (size_t i = 1; i <= 2; ++i)
    if (const Value* weights = classifier->operand(i)) change.weights.push_back(weights->name);
  for (const Node* node : head) change.layers.push_back(node->result()->name);
  set_weights(*classifier, classes, seed);
  for (Node* node : head)
    if (node->is("reshape")) set_shape(graph, node, change.before, classes);
  if (change.softmax) PARE_TRY(replace_sigmoid(graph, *sigmoid));
  PARE_TRY(infer_types(graph));
  if (model.keras != nullptr) model.keras = std::make_shared<const KerasOrigin>(with_new_outputs(*model.keras, change));
  model.metadata.erase("TFLITE_METADATA");  // it names the classes that were
  return made;
}

}  // namespace pare
