// The Fourier transform of real signals. KISS FFT stands behind this file alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pare {

class RealFft {
 public:
  explicit RealFft(int64_t size);  // even, above 0

  // |X_k| = |sum x_n exp(-2 pi i k n / size)| for k = 0 .. size / 2. For one thread at a time.
  void magnitudes(std::span<const float> signal, std::span<float> out);

 private:
  struct Plan;
  std::shared_ptr<Plan> plan_;
};

}  // namespace pare
