#include "formats/keras/weight_layout.h"

#include <gmock/gmock.h>

namespace pare::keras {
namespace {

using ::testing::ElementsAre;

Tensor counting(const Shape& shape) {
  Tensor tensor(DType::Float32, shape);
  float next = 0;
  for (float& value : tensor.mutable_values<float>()) value = next++;
  return tensor;
}

TEST(WeightLayout, PermutesAndReshapes) {
  const WeightLayout dense = layout_of({2, 3}, {1, 0});
  EXPECT_EQ(dense.graph, (Shape{3, 2}));
  EXPECT_THAT(to_graph(dense, counting({2, 3})).values<float>(), ElementsAre(0, 3, 1, 4, 2, 5));
  const WeightLayout conv1d = layout_of({2, 1, 3}, {2, 0, 1}, {3, 1, 2, 1});
  EXPECT_THAT(to_graph(conv1d, counting({2, 1, 3})).values<float>(), ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(WeightLayout, GoesBackTheWayItCame) {
  const WeightLayout layouts[] = {layout_of({5}),
                                  layout_of({2, 3}, {1, 0}),
                                  layout_of({3, 2, 4, 5}, {3, 0, 1, 2}),
                                  layout_of({3, 4, 2}, {}, {1, 1, 3, 8}),
                                  layout_of({3, 4, 5}, {2, 0, 1}, {5, 1, 3, 4}),
                                  layout_of({3, 2, 4, 5}, {2, 0, 1, 3})};
  for (const WeightLayout& layout : layouts) {
    const Tensor weight = counting(layout.file), constant = to_graph(layout, weight);
    EXPECT_EQ(constant.shape(), layout.graph);
    EXPECT_EQ(to_file(layout, constant), weight) << layout.file.to_string();
  }
}

TEST(WeightLayout, KnowsWhatFits) {
  EXPECT_TRUE(is_valid({{2, 3}, {1, 0}, {6}}));
  EXPECT_TRUE(is_valid({{2, 3}, {}, {3, 2}}));
  EXPECT_FALSE(is_valid({{2, 3}, {1, 0}, {5}}));
  EXPECT_FALSE(is_valid({{2, 3}, {1, 1}, {6}}));
  EXPECT_FALSE(is_valid({{2, 3}, {0}, {6}}));
  EXPECT_FALSE(is_valid({{kDynamic, -6}, {}, {6}}));
}

}  // namespace
}  // namespace pare::keras
