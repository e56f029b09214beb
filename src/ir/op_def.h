// What is known of an operator, declared once, in the operator's own file under src/ops. Algorithms read these facts; they
// never name an operator.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "ir/attributes.h"
#include "ir/channel_rule.h"
#include "ir/types.h"

namespace pare {

class Node;

// What a shape rule may look at. Operands that are absent (optional ones) are null.
struct InferContext {
  const Attributes& attributes;
  std::vector<const TensorType*> operands;
  std::vector<const Tensor*> constants;     // the data of constant operands, else null
  size_t result_count;                      // for operators with a variable number of results
  std::vector<const TensorType*> declared;  // present types of the results; empty where the node is only being made

  const TensorType& type(size_t i) const { return *operands.at(i); }
  const Shape& shape(size_t i) const { return operands.at(i)->shape; }
  bool has(size_t i) const { return i < operands.size() && operands[i] != nullptr; }
  const Tensor* constant(size_t i) const { return i < constants.size() ? constants[i] : nullptr; }
};

// Types of the results (quantisation is left empty: it belongs to the value, not to the operator).
using InferRule = Expected<std::vector<TensorType>> (*)(const InferContext&);

// Work of one execution. Multiply-adds count one a pair; `operations` counts everything else, one an output element and step. What
// no computer ever does is given as some number above kMostElements.
struct Cost {
  int64_t multiply_adds = 0;
  int64_t operations = 0;
};
using CostRule = Cost (*)(const Node&);

// The source elements under a window along one extent: that of output y and tap i at [y * taps + i], -1 where the tap lies outside.
struct WindowTaps {
  int64_t outputs = 1, taps = 1;
  std::vector<int64_t> source{0};
};

// What the weights of a node are multiplied with. Result (n, y, x, o) is the sum over taps (i, j) and channels c of
//   src[n, h(y, i), w(x, j), g * channels + c] * weights(o)[i, j, c],
// where output channel o is of group g = o / (O / groups), and weights(o) is its slice along QuantRule::weights_axis.
struct WindowedProduct {
  int64_t samples = 1, height = 1, width = 1;  // as which the source is read,
  int64_t groups = 1, channels = 1;            // with groups * channels channels
  WindowTaps h, w;

  int64_t columns() const { return h.taps * w.taps * channels; }  // that one result is a sum of
};
// For a source, the first of QuantRule::activations, of this static shape; nothing where that cannot be said.
using ProductRule = std::optional<WindowedProduct> (*)(const Node&, const Shape& src);

struct OperandSpec {
  enum class Kind { Required, Optional, Variadic };  // a variadic one is the last
  std::string_view name;
  std::string_view doc;
  Kind kind = Kind::Required;
  bool learned = false;  // training changes it, where it is a constant
};

// How an operator is quantised, as data. Operand positions index Node::operands().
// Source: TFLite 8-bit quantisation specification and the converter's operator properties.
struct QuantRule {
  enum class Scales {
    Unsupported,  // stays float; `reason` says why
    Free,         // operands and results each have parameters of their own
    Same,         // quantised operands and results share one scale and zero point
    FixedOutput,  // results have the parameters below
    PlainOutput,  // quantised operands, results that are not quantised (indices, booleans, shapes)
    Border,       // converts between number systems itself (quantize, dequantize)
  };
  struct Fixed {
    float scale;
    int64_t zero_point;
  };

  Scales scales = Scales::Unsupported;
  std::vector<int> activations;  // operands that take part, besides weights and bias; empty: all; for variadic: all
  int weights = -1;              // operand with symmetric weights, -1: none
  int weights_axis = 0;          // per-channel axis of the weights
  int bias = -1;      // operand whose scale is scale(activations[0]) * scale(weights), int32 (int64 for 16x8)
  bool int16 = true;  // has a 16-bit activation form
  bool int8_free_int16_same = false;  // SUM: free scales in 8 bits, shared ones in 16
  bool halves_away = false;           // where its integer form rounds, halves of stored codes go away from 0
  std::optional<Fixed> fixed_int8, fixed_int16;
  bool dynamic_range = false;  // has a kernel for float activations with int8 weights
  bool int4_weights = false;   // has kernels for weights of 4 bits, two in a byte
  bool weight_only = false;    // weights may be stored quantised and dequantised in front
  std::string_view reason;     // of Unsupported
};

// What a trained weight, the first operand, goes through on its way to its use; a weight meets them in this order.
enum class WeightTransform { None, Mask, Codebook, Rounding };

// What kind of thing an operator is; passes match on these first and on names last.
struct OpTraits {
  bool elementwise = false;  // each result element depends on the operand elements at the same (broadcast) place
  bool moves_data = false;   // copies elements, computes none: reshape, transpose, slice, concatenation, padding
  bool view = false;         // the result is the operand's bytes under another shape
  bool commutative = false;
  bool fuses_activation = false;  // has an `activation` attribute
  WeightTransform weight_transform = WeightTransform::None;
  bool positively_homogeneous = false;  // f(s x) = s f(x) for s > 0
  bool stateful = false;                // reads or writes a variable, must not be merged or dropped
  bool random = false;
};

struct OpDef {
  std::string_view name;     // snake_case; the lower-case TFLite name where TFLite has the operator
  std::string_view summary;  // one line
  std::string_view details;  // formula, conventions, limits; may span lines
  std::vector<OperandSpec> operands;
  std::vector<OperandSpec> results;
  Attributes attributes;  // defaults
  InferRule infer = nullptr;
  CostRule cost = nullptr;
  QuantRule quantization;
  ChannelRule channels = nullptr;  // null: all channels have to stay
  ExtentsRule extents = nullptr;   // null: neither constants nor attributes hold extents
  ProductRule product = nullptr;   // of operators that multiply windows of a source with weights
  OpTraits traits;
  bool in_tflite = true;  // TFLite has a builtin of this name (in upper case)
  std::string_view onnx;  // ONNX operator where the mapping is a rename, else empty
};

// The operators, in alphabetical order, and one by name (null when unknown).
std::span<const OpDef* const> all_ops();
const OpDef* find_op(std::string_view name);

}  // namespace pare
