#include "engine/int16_table.h"

#include <gtest/gtest.h>

namespace pare {
namespace {

TEST(Int16Table, InterpolatesTheFunction) {
  // tanh over [-8, 8) to steps of 1/32768.
  const auto table = Int16Table::of(8.f / 32768, 0, 1.f / 32768, 0, [](float x) { return std::tanh(x); });
  for (int stored = -32768; stored < 32768; stored += 7)
    EXPECT_NEAR(table(static_cast<int16_t>(stored)), 32768 * std::tanh(stored * 8. / 32768), 8) << stored;
}

TEST(Int16Table, SaturatesAtTheEndsOfTheRange) {
  const auto table = Int16Table::of(1.0, 0, 0.5, 0, [](double x) { return x; });
  EXPECT_EQ(table(32767), 32767);
  EXPECT_EQ(table(-32768), -32768);
}

}  // namespace
}  // namespace pare
