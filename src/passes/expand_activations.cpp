// Activations without a TFLite operator, written with those that it has:
//
//   swish(x)        = x logistic(x)
//   softsign(x)     = x / (1 + |x|)
//   softplus(x)     = max(x, 0) + log(1 + exp(-|x|)), which cannot overflow
//   mish(x)         = x tanh(softplus(x))
//   selu(x)         = s (max(x, 0) + a elu(min(x, 0))), s = 1.0507, a = 1.67326 (Klambauer et al., 2017); elu(y) = exp(y) - 1 for y < 0
//   hard_sigmoid(x) = min(max(6 alpha x + 6 beta, 0), 6) / 6
//   erf(x)          = sign(x) (1 - (((((a5 t + a4) t) + a3) t + a2) t + a1) t exp(-x^2)), t = 1 / (1 + p |x|), within 1.5e-7
//                     (Abramowitz and Stegun, 7.1.26)
#include <array>

#include "ops/activations.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace pare {
namespace {

using Write = Value* (*)(Expansion& expand, const Node& node, Value* src);

Value* swish(Expansion& expand, const Node&, Value* src) {
  return expand.op("mul", {src, expand.op("logistic", {src})});
}

Value* softsign(Expansion& expand, const Node&, Value* src) {
  return expand.op("div", {src, expand.op("add", {expand.op("abs", {src}), expand.constant(1.f)})});
}

Value* softplus_of(Expansion& expand, Value* src) {
  Value* decay = expand.op("exp", {expand.op("neg", {expand.op("abs", {src})})});
  return expand.op("add",
                   {expand.op("relu", {src}), expand.op("log", {expand.op("add", {decay, expand.constant(1.f)})})});
}

Value* softplus(Expansion& expand, const Node&, Value* src) { return softplus_of(expand, src); }

Value* mish(Expansion& expand, const Node&, Value* src) {
  return expand.op("mul", {src, expand.op("tanh", {softplus_of(expand, src)})});
}

Value* selu(Expansion& expand, const Node&, Value* src) {
  constexpr float kScale = 1.0507009873554805f, kAlpha = 1.6732632423543772f;
  Value* negative = expand.op("elu", {expand.op("minimum", {src, expand.constant(0.f)})});
  Value* positive = expand.op("mul", {expand.op("relu", {src}), expand.constant(kScale)});
  return expand.op("add", {positive, expand.op("mul", {negative, expand.constant(kScale * kAlpha)})});
}

Value* hard_sigmoid(Expansion& expand, const Node& node, Value* src) {
  const auto& line = node.attrs<HardSigmoidAttributes>();
  Value* scaled = expand.op("mul", {src, expand.constant(6 * line.alpha)});
  Value* clipped = expand.op("relu6", {expand.op("add", {scaled, expand.constant(6 * line.beta)})});
  return expand.op("mul", {clipped, expand.constant(1.f / 6)});
}

Value* erf(Expansion& expand, const Node&, Value* src) {
  constexpr float kP = 0.3275911f;
  constexpr std::array kCoefficients{1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f};
  Value* one = expand.constant(1.f);
  Value* t = expand.op(
      "div", {one, expand.op("add", {expand.op("mul", {expand.op("abs", {src}), expand.constant(kP)}), one})});
  Value* sum = expand.op("mul", {t, expand.constant(kCoefficients[0])});
  for (size_t i = 1; i < kCoefficients.size(); ++i)
    sum = expand.op("mul", {expand.op("add", {sum, expand.constant(kCoefficients[i])}), t});
  Value* decay = expand.op("exp", {expand.op("neg", {expand.op("mul", {src, src})})});
  return expand.op("mul", {expand.op("sign", {src}), expand.op("sub", {one, expand.op("mul", {sum, decay})})});
}

struct Rule {
  std::string_view op;
  Write write;
};
constexpr Rule kRules[] = {{"erf", erf},           {"hard_sigmoid", hard_sigmoid}, {"mish", mish},  {"selu", selu},
                           {"softplus", softplus}, {"softsign", softsign},         {"swish", swish}};

}  // namespace

Expected<size_t> expand_activations(Graph& graph, const Evaluator&) {
  size_t expanded = 0;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    Node* node = graph.nodes()[i].get();
    for (const Rule& rule : kRules) {
      if (!node->is(rule.op)) continue;
      Expansion expand(graph, node);
      PARE_TRY(expand.finish(rule.write(expand, *node, node->operand(0))));
      ++expanded;
      break;
    }
  }
  return expanded;
}

}  // namespace pare
