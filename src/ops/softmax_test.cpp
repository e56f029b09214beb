#include "ops/softmax.h"

#include <cmath>

#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;

TEST(Softmax, RowsSumToOneAndKeepTheirRatios) {
  const Tensor src = Tensor::of<float>({2, 3}, {0, std::log(2.f), std::log(5.f), 1000, 1000, -1000});
  expect_close(run_operator("softmax", SoftmaxAttributes{}, {Operand::input(src)}, Engine::Fast),
               Tensor::of<float>({2, 3}, {0.125f, 0.25f, 0.625f, 0.5f, 0.5f, 0}));
  expect_close(run_operator("softmax", SoftmaxAttributes{.beta = 2},
                            {Operand::input(Tensor::of<float>({1, 2}, {0, std::log(3.f)}))}, Engine::Reference),
               Tensor::of<float>({1, 2}, {0.1f, 0.9f}));
}

TEST(LogSoftmax, IsTheLogarithmOfSoftmax) {
  Random random(4);
  const Tensor src = random_tensor({5, 7}, random, -6, 6);
  auto softmax = run_operator("softmax", SoftmaxAttributes{}, {Operand::input(src)}, Engine::Reference);
  ASSERT_TRUE(softmax) << softmax.error().to_string();
  for (float& value : softmax->mutable_values<float>()) value = std::log(value);
  expect_close(run_operator("log_softmax", NoAttributes{}, {Operand::input(src)}, Engine::Reference), softmax);
}

// Integer rows against the real function, within a unit in the last place (two for log_softmax's steps of 1/16).
TEST(Softmax, IntegersStayNearTheRealFunction) {
  Random random(5);
  const Quantization src_quantization = Quantization::per_tensor(0.1f, 10);
  Tensor codes(DType::Int8, {20, 9}), real(DType::Float32, {20, 9});
  for (size_t i = 0; i < codes.values<int8_t>().size(); ++i) {
    codes.mutable_values<int8_t>()[i] = static_cast<int8_t>(random.below(256) - 128);
    real.mutable_values<float>()[i] = 0.1f * static_cast<float>(codes.values<int8_t>()[i] - 10);
  }
  struct Case {
    const char* op;
    Attributes attributes;
    QuantRule::Fixed fixed;
    double tolerance;
  };
  for (const Case& c : {Case{"softmax", SoftmaxAttributes{}, *find_op("softmax")->quantization.fixed_int8, 1},
                        Case{"log_softmax", NoAttributes{}, *find_op("log_softmax")->quantization.fixed_int8, 2}}) {
    const auto stored = run_operator(c.op, c.attributes, {Operand::input(codes, src_quantization)}, Engine::Reference,
                                     Quantization::per_tensor(c.fixed.scale, c.fixed.zero_point));
    const auto exact = run_operator(c.op, c.attributes, {Operand::input(real)}, Engine::Reference);
    ASSERT_TRUE(stored && exact);
    for (size_t i = 0; i < real.values<float>().size(); ++i) {
      const double expected =
          std::clamp(exact->values<float>()[i] / c.fixed.scale + static_cast<double>(c.fixed.zero_point), -128., 127.);
      EXPECT_NEAR(stored->values<int8_t>()[i], expected, c.tolerance) << c.op << " " << i;
    }
  }
}

TEST(Softmax, RejectsAScalar) {
  EXPECT_EQ(inferred("softmax", SoftmaxAttributes{}, {f32({})}),
            "'src' is a scalar, at least one dimension was expected");
  EXPECT_EQ(inferred("log_softmax", NoAttributes{}, {f32({2, 3})}), "f32[2, 3]");
}

}  // namespace
}  // namespace pare
