#include "passes/affine_node.h"

#include <cmath>

#include "ops/normalization.h"
#include "passes/rewrite.h"

namespace pare {

std::optional<ChannelAffine> batch_normalization_affine(const Node& node) {
  const int64_t channels = node.operand(3)->type.shape.elements();
  const auto parameter = [&](size_t i, float absent) -> std::optional<std::vector<float>> {
    if (node.operand(i) == nullptr) return std::vector<float>(static_cast<size_t>(channels), absent);
    return per_channel(node.operand(i), channels);
  };
  const auto gamma = parameter(1, 1), beta = parameter(2, 0), mean = parameter(3, 0), variance = parameter(4, 1);
  if (!gamma || !beta || !mean || !variance) return std::nullopt;
  const double epsilon = node.attrs<BatchNormalizationAttributes>().epsilon;
  ChannelAffine affine;
  for (size_t c = 0; c < gamma->size(); ++c) {
    const double scale = (*gamma)[c] / std::sqrt((*variance)[c] + epsilon);
    affine.scale.push_back(static_cast<float>(scale));
    affine.shift.push_back(static_cast<float>((*beta)[c] - (*mean)[c] * scale));
  }
  return affine;
}

std::optional<ConstantAffine> constant_affine(const Node& node) {
  const bool sum = node.is("add"), difference = node.is("sub"), product = node.is("mul");
  if (!sum && !difference && !product) return std::nullopt;
  const Shape& dst = node.result()->type.shape;
  if (dst.rank() == 0 || dst[-1] == kDynamic) return std::nullopt;
  const auto channels = static_cast<size_t>(dst[-1]);
  for (const size_t constant : {size_t{1}, size_t{0}}) {
    const size_t src = 1 - constant;
    // The other operand must have the result's shape by itself: the constant must not broadcast it.
    if (node.operand(src)->is_constant() || node.operand(src)->type.shape != dst) continue;
    const auto numbers = per_channel(node.operand(constant), dst[-1]);
    if (!numbers) continue;
    const float sign = difference && src == 1 ? -1.f : 1.f;  // constant - src
    ConstantAffine found{{std::vector<float>(channels, sign), std::vector<float>(channels, 0.f)}, src};
    for (size_t c = 0; c < channels; ++c) {
      if (product)
        found.affine.scale[c] = (*numbers)[c];
      else
        found.affine.shift[c] = difference && src == 0 ? -(*numbers)[c] : (*numbers)[c];
    }
    return found;
  }
  return std::nullopt;
}

}  // namespace pare
