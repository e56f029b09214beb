#include "quant/plan_file.h"

#include <gmock/gmock.h>

namespace pare {
namespace {

using ::testing::HasSubstr;

QuantPlan small_plan() {
  QuantPlan plan;
  plan.mode = QuantMode::Int16x8;
  plan.io = DType::Int16;
  plan.values["x"] = {DType::Int16, Quantization::per_tensor(0.1f)};
  plan.values["w"] = {DType::Int8, Quantization::per_axis({0.1f, 1e-7f}, 3)};
  plan.values["half"] = {DType::Float16, std::nullopt};
  plan.nodes["conv"] = {Precision::Integer, "", ""};
  plan.nodes["odd \"name\""] = {Precision::Float, "no integer form", "leave it out"};
  plan.requantized[{"conv", 2}] = {DType::Int8, Quantization::per_tensor(0.3f, -5)};
  return plan;
}

TEST(PlanFile, GivesBackThePlan) {
  const QuantPlan plan = small_plan();
  Model model;
  EXPECT_EQ(*stored_plan(model), std::nullopt);
  store_plan(plan, model);
  const auto again = stored_plan(model);
  ASSERT_TRUE(again && *again) << (again ? "" : again.error().to_string());
  EXPECT_EQ((*again)->mode, plan.mode);
  EXPECT_EQ((*again)->io, plan.io);
  EXPECT_EQ((*again)->values, plan.values);
  EXPECT_EQ((*again)->requantized, plan.requantized);
  ASSERT_EQ((*again)->nodes.size(), plan.nodes.size());
  for (const auto& [name, node] : plan.nodes) {
    EXPECT_EQ((*again)->nodes.at(name).precision, node.precision);
    EXPECT_EQ((*again)->nodes.at(name).reason + (*again)->nodes.at(name).remedy, node.reason + node.remedy);
  }
}

TEST(PlanFile, RefusesDamage) {
  Model model;
  for (const char* text :
       {"", "[]", "{}", R"({"mode": "int9", "io": "f32", "values": {}, "nodes": {}, "requantized": []})",
        R"({"mode": "int8", "io": "f32", "values": {"x": {"dtype": "i9"}}, "nodes": {}, "requantized": []})"}) {
    model.extras[kPlanExtra] = std::string(text);
    const auto plan = stored_plan(model);
    ASSERT_FALSE(plan) << text;
    EXPECT_EQ(plan.error().code, ErrorCode::BadInput);
    EXPECT_THAT(plan.error().message, HasSubstr("the quantisation plan of the file is damaged"));
  }
  model.extras[kPlanExtra] = Tensor();
  EXPECT_FALSE(stored_plan(model));
}

}  // namespace
}  // namespace pare
