// Walks the list of operators: each must be complete. What is left out needs a reason, here or in its definition.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/random.h"
#include "engine/kernel.h"
#include "ir/graph.h"
#include "ops/gradient.h"

namespace pare {
namespace {

// Operators that the engine never runs, and why.
const std::map<std::string_view, std::string_view> kNotRun = {
    {"composite", "its plain operators take its place before a graph is compiled"}};

class EveryOp : public ::testing::TestWithParam<const OpDef*> {
 protected:
  const OpDef& op() const { return *GetParam(); }
  std::vector<std::string> field_names() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : op().attributes.fields()) names.push_back(name);
    return names;
  }
};

TEST_P(EveryOp, HasRules) {
  EXPECT_NE(op().infer, nullptr) << "shape rule";
  EXPECT_NE(op().cost, nullptr) << "cost rule";
}

TEST_P(EveryOp, IsDocumented) {
  EXPECT_TRUE(op().summary.ends_with('.')) << "the summary is a sentence";
  EXPECT_FALSE(op().details.empty()) << "formula, conventions, limits";
  for (const auto* specs : {&op().operands, &op().results}) {
    std::set<std::string_view> names;
    for (const OperandSpec& spec : *specs) {
      EXPECT_FALSE(spec.name.empty());
      EXPECT_FALSE(spec.doc.empty()) << spec.name;
      EXPECT_TRUE(names.insert(spec.name).second) << spec.name << " twice";
    }
  }
}

TEST_P(EveryOp, HasAVariadicOperandOnlyAtTheEnd) {
  const auto variadic = [](const OperandSpec& spec) { return spec.kind == OperandSpec::Kind::Variadic; };
  for (size_t i = 0; i + 1 < op().operands.size(); ++i)
    EXPECT_FALSE(variadic(op().operands[i])) << op().operands[i].name;
}

TEST_P(EveryOp, HasAKernelOrAReason) {
  const ImplementationList& list = implementations(op().name);
  const auto exempt = kNotRun.find(op().name);
  if (exempt != kNotRun.end()) {
    EXPECT_FALSE(exempt->second.empty());
    EXPECT_TRUE(list.empty()) << "has kernels now: take it off the list";
    return;
  }
  ASSERT_FALSE(list.empty());
  EXPECT_FALSE(list.back().fast_only) << "the reference stands last";
  for (const Implementation& implementation : list) {
    EXPECT_FALSE(implementation.name.empty());
    EXPECT_NE(implementation.declines, nullptr);
    EXPECT_NE(implementation.create, nullptr);
  }
}

TEST_P(EveryOp, HasAQuantisationRuleOrAReason) {
  const QuantRule& rule = op().quantization;
  const auto count = static_cast<int>(op().operands.size());
  const bool variadic = count > 0 && op().operands.back().kind == OperandSpec::Kind::Variadic;
  if (rule.scales == QuantRule::Scales::Unsupported) {
    EXPECT_FALSE(rule.reason.empty()) << "why it stays float";
    return;
  }
  EXPECT_TRUE(rule.reason.empty());
  EXPECT_LT(rule.weights, count);
  EXPECT_LT(rule.bias, count);
  for (const int activation : rule.activations)
    EXPECT_TRUE(activation >= 0 && (activation < count || variadic)) << activation;
  EXPECT_TRUE(rule.bias < 0 || rule.weights >= 0) << "a bias takes the scale of the weights";
  if (rule.scales == QuantRule::Scales::FixedOutput) {
    EXPECT_TRUE(rule.fixed_int8.has_value());
    EXPECT_EQ(rule.fixed_int16.has_value(), rule.int16);
  }
}

// Operators that compute each element by itself and yet need all channels, and why.
const std::map<std::string_view, std::string_view> kNeedsAllChannels = {
    {"fake_quantize", "its ranges are those of the channels that were trained; networks are made narrower before"},
    {"unary_backward", "only in training steps, which are made from networks as they are by then"}};

TEST_P(EveryOp, HasAChannelRuleWhereElementsStandAlone) {
  if (!op().traits.elementwise) return;
  EXPECT_EQ(op().channels == nullptr, kNeedsAllChannels.contains(op().name));
}

TEST_P(EveryOp, HasAGradientRuleOrAReason) {
  const GradientEntry entry = gradient_of(op().name);
  EXPECT_EQ(entry.rule == nullptr, !entry.reason.empty()) << "a line in ops/all_gradients.inc";
}

TEST_P(EveryOp, HasTraitsThatFitItsAttributes) {
  const std::vector<std::string> names = field_names();
  EXPECT_EQ(op().traits.fuses_activation, std::count(names.begin(), names.end(), "activation") == 1);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << "an attribute twice";
}

// Operands as a damaged file may hold them: any count, rank, extents, types, constants of any value.
Value* any_operand(Graph& graph, Random& random) {
  static constexpr std::array kTypes{DType::Float32, DType::Int8,    DType::Int32, DType::Int64,
                                     DType::Bool,    DType::Float16, DType::UInt8};
  const DType dtype = kTypes[static_cast<size_t>(random.below(kTypes.size()))];
  Shape shape;
  for (int64_t rank = random.below(6); rank > 0; --rank) shape.push_back(random.below(6));
  if (random.below(2) == 0) {
    Tensor data(dtype, shape);
    for (std::byte& each : data.mutable_bytes())
      each = static_cast<std::byte>(dtype == DType::Bool   ? random.below(2)
                                    : random.below(4) == 0 ? random.below(256)
                                                           : 0);
    return graph.add_constant("constant", std::move(data));
  }
  if (shape.rank() > 0 && random.below(4) == 0) shape[static_cast<int>(random.below(shape.rank()))] = kDynamic;
  return graph.add_value("value", {dtype, shape, {}});
}

// What the channel rule speaks of lies inside the values.
void expect_ties_fit(const Node& node) {
  if (node.op().channels == nullptr) return;
  for (const ChannelTie& tie : node.op().channels(node))
    for (const ChannelSlice& slice : tie.slices) {
      if (slice.value == nullptr || tie.channels < 1) continue;
      const Shape& shape = slice.value->type.shape;
      ASSERT_TRUE(slice.axis >= 0 && slice.axis < shape.rank()) << slice.axis << " of " << shape.to_string();
      if (shape[slice.axis] == kDynamic) continue;
      EXPECT_TRUE(slice.begin >= 0 && slice.outer >= 1 && slice.inner >= 1);
      EXPECT_LE(slice.begin + slice.outer * tie.channels * slice.inner, shape[slice.axis]) << shape.to_string();
    }
}

TEST_P(EveryOp, RefusesBadOperandsWithoutThrowing) {
  Random random(1);
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    Graph graph;
    std::vector<Value*> operands;
    const int64_t count = random.below(4) == 0 ? random.below(6) : static_cast<int64_t>(op().operands.size());
    for (int64_t i = 0; i < count; ++i)
      operands.push_back(random.below(12) == 0 ? nullptr : any_operand(graph, random));
    std::vector<std::string> results(
        static_cast<size_t>(random.below(4) == 0 ? random.below(4) : static_cast<int64_t>(op().results.size())), "r");
    try {
      auto node = graph.append(op(), op().attributes, operands, results);
      if (!node) continue;
      ++accepted;
      expect_ties_fit(**node);
      const auto known = [](const Value* value) { return value == nullptr || value->type.shape.is_static(); };
      if (!std::all_of(operands.begin(), operands.end(), known)) continue;
      if (!std::all_of((*node)->results.begin(), (*node)->results.end(), known)) continue;
      EXPECT_GE(op().cost(**node).multiply_adds, 0);
    } catch (const std::exception& error) {
      std::string given;
      for (const Value* operand : operands)
        given +=
            operand == nullptr ? " none" : " " + to_string(operand->type) + (operand->is_constant() ? " constant" : "");
      FAIL() << "round " << round << ", operands" << given << ": " << error.what();
    }
  }
  RecordProperty("accepted", accepted);
}

INSTANTIATE_TEST_SUITE_P(Ops, EveryOp, ::testing::ValuesIn(all_ops().begin(), all_ops().end()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST(Ops, AreInAlphabeticalOrder) {
  const auto by_name = [](const OpDef* a, const OpDef* b) { return a->name < b->name; };
  EXPECT_TRUE(std::is_sorted(all_ops().begin(), all_ops().end(), by_name));
  for (const OpDef* op : all_ops()) EXPECT_EQ(find_op(op->name), op);
  EXPECT_EQ(find_op("no such operator"), nullptr);
}

TEST(Ops, ExemptionsNameOperators) {
  for (const auto& [name, reason] : kNotRun) EXPECT_NE(find_op(name), nullptr) << name;
}

}  // namespace
}  // namespace pare
