// Reproducible random numbers: the same seed gives the same stream on every machine (xoshiro256**, Blackman and Vigna 2018,
// seeded by splitmix64). The standard library's distributions differ between implementations, so they are not used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace pare {

class Random {
 public:
  explicit Random(uint64_t seed);

  uint64_t next();                       // 64 random bits
  double uniform();                      // [0, 1)
  float uniform(float low, float high);  // [low, high)
  int64_t below(int64_t bound);          // 0 .. bound - 1, unbiased; bound > 0
  float normal();                        // mean 0, variance 1

  template <class T>
  void shuffle(std::vector<T>& items) {
    for (auto i = static_cast<int64_t>(items.size()) - 1; i > 0; --i)
      std::swap(items[static_cast<size_t>(i)], items[static_cast<size_t>(below(i + 1))]);
  }

 private:
  std::array<uint64_t, 4> state_{};
};

// A seed for the stream of this number among many of one seed; streams of streams are numbered in turn.
uint64_t stream_seed(uint64_t seed, int64_t number);

}  // namespace pare
