// Activations without a TFLite operator, written with those that it has:
//
//   swish(x)        = x logistic(x)
//   softsign(x)     = x / (1 + |x|)
//   softplus(x)     = max(x, 0) + log(1 + exp(-|x|)), which cannot overflow
//   mish(x)         = x tanh(softplus(x))
//   selu(x)         = s (max(x, 0) + a elu(min(x, 0))), s = 1.0507, a = 1.67326 (Klambauer et al., 2017); elu(y) = exp(y) - 1 for y < 0
//   hard_sigmoid(x) = min(max(x + 3, 0), 6) / 6
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

using Write = Value* (*)(Expansion& expand, Value* src);

Value* swish(Expansion& expand, Value* src) { return expand.op("mul", {src, expand.op("logistic", {src})}); }

Value* softsign(Expansion& expand, Value* src) {
  return expand.op("div", {src, expand.op("add", {expand.op("abs", {src}), expand.constant(1.f)})});
}

Value* softplus(Expansion& expand, Value* src) {
  Value* decay = expand.op("exp", {expand.op("neg", {expand.op("abs", {src})})});
  return expand.op("add", {expand.op("relu", {src}), expand.op("log", {expand.op("add", {decay, expand.constant(1.f)})})});
}

Value* mish(Expansion& expand, Value* src) { return expand.op("mul", {src, expand.op("tanh", {softplus(expand, src)})}); }

Value* selu(Expansion& expand, Value* src) {
  constexpr float kScale = 1.0507009873554805f, kAlpha = 1.6732632423543772f;
  Value* negative = expand.op("elu", {expand.op("minimum", {src, expand.constant(0.f)})});
  Value* positive = expand.op("mul", {expand.op("relu", {src}), expand.constant(kScale)});
  return expand.op("add", {positive, expand.op("mul", {negative, expand.constant(kScale * kAlpha)})});
}

Value* hard_sigmoid(Expansion& expand, Value* src) {
  Value* clipped = expand.op("relu6", {expand.op("add", {src, expand.constant(3.f)})});
  return expand.op("mul", {clipped, expand.constant(1.f / 6)});
}

struct Rule { std::string_view op; Write write; };
constexpr Rule kRules[] = {{"hard_sigmoid", hard_sigmoid}, {"mish", mish}, {"selu", selu}, {"softplus", softplus}, {"softsign", softsign}, {"swish", swish}};

}  // namespace

Expected<size_t> expand_activations(Graph& graph, const Evaluator&) {
  size_t expanded = 0;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    Node* node = graph.nodes()[i].get();
    for (const Rule& rule : kRules) {
      if (!node->is(rule.op)) continue;
      Expansion expand(graph, node);
      PARE_TRY(expand.finish(rule.write(expand, node->operand(0))));
      ++expanded;
      break;
    }
  }
  return expanded;
}

}  // namespace pare
