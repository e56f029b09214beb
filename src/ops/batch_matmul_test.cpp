#include "ops/batch_matmul.h"

#include "testing/naive_operators.h"
#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

class RandomBatchMatmul : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomBatchMatmul, KernelsAgree) {
  Random random(GetParam());
  const BatchMatmulAttributes attributes{.adj_x = random.below(2) == 1, .adj_y = random.below(2) == 1};
  const int64_t m = 1 + random.below(6), n = 1 + random.below(6), k = 1 + random.below(6), a = 1 + random.below(3),
                b = 1 + random.below(3);
  const auto repeated = [&](int64_t extent) { return random.below(2) == 1 ? extent : 1; };
  const int64_t xa = repeated(a), xb = repeated(b);
  const Tensor x = random_tensor(attributes.adj_x ? Shape{xa, xb, k, m} : Shape{xa, xb, m, k}, random);
  const Tensor y = random_tensor(attributes.adj_y ? Shape{a, b, n, k} : Shape{a, b, k, n}, random);
  const std::vector<Operand> operands{Operand::input(x), Operand::input(y)};
  expect_close(run_operator("batch_matmul", attributes, operands, Engine::Reference),
               naive_batch_matmul(x, y, Tensor(DType::Float32, {a, b, m, n}), attributes.adj_x, attributes.adj_y));
  expect_fast_agrees("batch_matmul", attributes, operands);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomBatchMatmul, ::testing::Range<uint64_t>(0, 40));

TEST(BatchMatmul, RepeatsAnOperandOfLowerRank) {
  const Tensor x = Tensor::of<float>({2, 1, 2}, {1, 2, 3, 4}), y = Tensor::of<float>({2, 1}, {10, 1});
  for (const Engine engine : {Engine::Fast, Engine::Reference})
    expect_close(run_operator("batch_matmul", BatchMatmulAttributes{}, {Operand::input(x), Operand::input(y)}, engine),
                 Tensor::of<float>({2, 1, 1}, {12, 34}));
}

TEST(BatchMatmul, InfersTheShape) {
  EXPECT_EQ(inferred("batch_matmul", BatchMatmulAttributes{.adj_y = true}, {f32({kDynamic, 1, 4, 8}), f32({3, 5, 8})}),
            "f32[?, 3, 4, 5]");
}

TEST(BatchMatmul, RejectsShapesThatDoNotFit) {
  EXPECT_THAT(inferred("batch_matmul", BatchMatmulAttributes{}, {f32({2, 4, 8}), f32({2, 7, 5})}),
              HasSubstr("have inner extents 8 and 7, equal ones were expected"));
  EXPECT_THAT(inferred("batch_matmul", BatchMatmulAttributes{}, {f32({2, 4, 8}), f32({3, 8, 5})}),
              HasSubstr("cannot be broadcast"));
  EXPECT_THAT(inferred("batch_matmul", BatchMatmulAttributes{}, {f32({8}), f32({8, 5})}),
              HasSubstr("at least two dimensions"));
}

}  // namespace
}  // namespace pare
