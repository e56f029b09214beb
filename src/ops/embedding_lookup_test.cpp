#include "testing/operators.h"

namespace pare {
namespace {

using namespace pare::testing;
using ::testing::HasSubstr;

TEST(EmbeddingLookup, CopiesRows) {
  const Tensor table = Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor indices = Tensor::of<int32_t>({2, 2}, {2, 0, 1, 2});
  expect_close(run_operator("embedding_lookup", NoAttributes{}, {Operand::input(indices), Operand::constant(table)},
                            Engine::Fast),
               Tensor::of<float>({2, 2, 2}, {5, 6, 1, 2, 3, 4, 5, 6}));
}

TEST(EmbeddingLookup, IndicesOutsideTheTableReadZeros) {
  const Tensor indices = Tensor::vector<int32_t>({-1, 3});
  const Tensor table = Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  expect_close(run_operator("embedding_lookup", NoAttributes{}, {Operand::input(indices), Operand::constant(table)},
                            Engine::Reference),
               Tensor(DType::Float32, {2, 2}));
  const Operand quantized =
      Operand::constant(Tensor::of<int8_t>({3, 2}, {1, 2, 3, 4, 5, 6}), Quantization::per_tensor(0.5f));
  expect_close(
      run_operator("embedding_lookup", NoAttributes{}, {Operand::input(indices), quantized}, Engine::Reference),
      Tensor(DType::Float32, {2, 2}));
}

TEST(EmbeddingLookup, RejectsWhatDoesNotFit) {
  EXPECT_EQ(inferred("embedding_lookup", NoAttributes{}, {i32({4}), f32({10})}),
            "'weights' have the shape [10], at least two dimensions were expected");
  EXPECT_EQ(inferred("embedding_lookup", NoAttributes{}, {f32({4}), f32({10, 2})}),
            "'indices' are f32, i32 was expected");
  EXPECT_EQ(inferred("embedding_lookup", NoAttributes{}, {i32({kDynamic, 4}), f32({10, 2, 3})}), "f32[?, 4, 2, 3]");
}

TEST(EmbeddingLookup, DeclinesATableQuantisedByColumn) {
  const Operand table =
      Operand::constant(Tensor::of<int8_t>({3, 2}, {1, 2, 3, 4, 5, 6}), Quantization::per_axis({0.5f, 0.25f}, 1));
  const auto got = run_operator("embedding_lookup", NoAttributes{},
                                {Operand::input(Tensor::vector<int32_t>({0})), table}, Engine::Reference);
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("the table is not quantised by row or as a whole"));
}

}  // namespace
}  // namespace pare
