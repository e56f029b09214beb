// A histogram of unknown range in bounded memory. The bin width is a power of two and doubles when values outgrow the bins, so
// that neighbours merge exactly: the result does not depend on the order of the values nor on how they were dealt to threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pare {

class Histogram {
 public:
  static constexpr int kBins = 2048;  // on each side of zero

  // Counts values, which must be finite and of magnitude at most `largest_magnitude`.
  void add(std::span<const float> values, float largest_magnitude, size_t stride = 1);
  void merge(const Histogram& other);

  int64_t count() const { return count_; }  // values in all
  int64_t zeros() const;                    // values that are exactly zero; they are in no bin
  double width() const;                     // of one bin
  // Counts from the most negative bin to the most positive one; bin i lies between width() * (i - kBins)
  // and width() * (i - kBins + 1), the end nearer to zero included.
  std::vector<int64_t> bins() const;

 private:
  void widen(int exponent);

  int exponent_ = 0;  // width is 2^exponent; meaningful once there are counts
  int64_t count_ = 0;
  std::vector<int64_t> counts_;  // laid out as histogram.cpp says; empty until needed
};

}  // namespace pare
