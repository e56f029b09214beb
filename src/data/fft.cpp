#include "data/fft.h"

#include <kiss_fftr.h>

#include <cmath>
#include <new>

#include "base/check.h"

namespace pare {

struct RealFft::Plan {
  explicit Plan(int64_t size)
      : size(static_cast<size_t>(size)), state(kiss_fftr_alloc(static_cast<int>(size), 0, nullptr, nullptr)) {
    if (state == nullptr) throw std::bad_alloc();
    spectrum.resize(this->size / 2 + 1);
  }
  ~Plan() { kiss_fftr_free(state); }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  size_t size;
  kiss_fftr_cfg state;
  std::vector<kiss_fft_cpx> spectrum;
};

RealFft::RealFft(int64_t size) {
  PARE_CHECK(size > 0 && size % 2 == 0, "a transform of {} values", size);
  plan_ = std::make_shared<Plan>(size);
}

void RealFft::magnitudes(std::span<const float> signal, std::span<float> out) {
  PARE_CHECK(signal.size() == plan_->size && out.size() == plan_->spectrum.size());
  kiss_fftr(plan_->state, signal.data(), plan_->spectrum.data());
  for (size_t k = 0; k < out.size(); ++k) out[k] = std::hypot(plan_->spectrum[k].r, plan_->spectrum[k].i);
}

}  // namespace pare
