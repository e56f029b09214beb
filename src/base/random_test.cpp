#include "base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace pare {
namespace {

TEST(Random, StreamsOfASeedDiffer) {
  std::set<uint64_t> seeds;
  for (uint64_t seed = 0; seed < 30; ++seed)
    for (int64_t number = 0; number < 30; ++number) seeds.insert(stream_seed(seed, number));
  EXPECT_EQ(seeds.size(), 900u);
  EXPECT_EQ(stream_seed(3, 4), stream_seed(3, 4));
  EXPECT_NE(stream_seed(stream_seed(1, 2), 3), stream_seed(stream_seed(1, 3), 2));
}

}  // namespace
}  // namespace pare
