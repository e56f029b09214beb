#include "base/parallel.h"

#include <gmock/gmock.h>

#include <stdexcept>
#include <vector>

namespace pare {
namespace {

using ::testing::ElementsAre;

TEST(ParallelFor, SharesAreContiguousAndCoverEverything) {
  for (const int threads : {1, 2, 3, 100}) {
    std::vector<int> visits(17, 0);
    parallel_for(17, threads, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
    });
    EXPECT_THAT(visits, ::testing::Each(1)) << threads;
  }
  parallel_for(0, 2, [](int64_t, int64_t) { ADD_FAILURE() << "there is nothing to do"; });
}

TEST(ParallelFor, ExceptionsComeBack) {
  EXPECT_THROW(parallel_for(4, 2,
                            [](int64_t, int64_t end) {
                              if (end == 4) throw std::runtime_error("here");
                            }),
               std::runtime_error);
}

TEST(TryParallelFor, DealsIndicesInTurn) {
  std::vector<std::vector<int64_t>> dealt(3);
  const auto done = try_parallel_for(8, 3, [&](int64_t index, int thread) -> Expected<void> {
    dealt[static_cast<size_t>(thread)].push_back(index);
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_THAT(dealt[0], ElementsAre(0, 3, 6));
  EXPECT_THAT(dealt[1], ElementsAre(1, 4, 7));
  EXPECT_THAT(dealt[2], ElementsAre(2, 5));
}

TEST(TryParallelFor, AFailureEndsTheWork) {
  for (const int threads : {1, 4}) {
    std::vector<int> visits(1000, 0);
    const auto done = try_parallel_for(1000, threads, [&](int64_t index, int) -> Expected<void> {
      ++visits[static_cast<size_t>(index)];
      if (index >= 10) return bad_input("{} is broken", index);
      return {};
    });
    ASSERT_FALSE(done);
    EXPECT_LT(std::count(visits.begin(), visits.end(), 1), 100);
    if (threads == 1) { EXPECT_EQ(done.error().message, "10 is broken"); }
  }
}

}  // namespace
}  // namespace pare
