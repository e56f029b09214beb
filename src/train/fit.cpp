#include "train/fit.h"

#include <algorithm>
#include <chrono>

namespace pare {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::vector<Tensor> copies(std::span<const Tensor> tensors) {
  std::vector<Tensor> all;
  for (const Tensor& each : tensors) all.emplace_back(each.dtype(), each.shape(), each.bytes());
  return all;
}

// Samples whose largest score is that of their label; one score says whether the label is 1.
int64_t count_right(const Tensor& scored, const Tensor& labels) {
  const auto scores = scored.values<float>();
  const auto given = labels.values<int32_t>();
  const size_t classes = scores.size() / given.size();
  int64_t right = 0;
  for (size_t n = 0; n < given.size(); ++n) {
    const auto row = scores.begin() + static_cast<std::ptrdiff_t>(n * classes);
    const auto best =
        classes == 1 ? (*row > 0 ? 1 : 0) : std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row;
    right += best == given[n] ? 1 : 0;
  }
  return right;
}

class Fit {
 public:
  Fit(Trainer& trainer, const DataView& view, const FitOptions& options, const FitCallbacks& callbacks)
      : trainer_(trainer),
        options_(options),
        callbacks_(callbacks),
        batches_(view, options.batches),
        samples_(view.count()) {}

  Expected<FitResult> run() {
    FitResult result;
    std::vector<Tensor> best;
    for (int64_t epoch = 1; epoch <= options_.epochs; ++epoch) {
      EpochRecord record;
      PARE_ASSIGN(record.progress, run_epoch(epoch));
      record.rate = rate();
      if (callbacks_.judge) { PARE_ASSIGN(record.score, callbacks_.judge(trainer_)); }
      record.best = !record.score || result.best_epoch == 0 ||
                    *record.score > *result.epochs[static_cast<size_t>(result.best_epoch) - 1].score;
      if (record.best) {
        result.best_epoch = epoch;
        best = copies(trainer_.state());
      }
      result.epochs.push_back(record);
      callbacks_.on_epoch(record);
      result.stopped_early = options_.patience > 0 && epoch - result.best_epoch >= options_.patience;
      if (result.stopped_early) break;
    }
    if (result.best_epoch > 0) PARE_TRY(trainer_.restore(best, trainer_.steps()));
    return result;
  }

 private:
  double rate() const { return rate_at(options_.schedule, trainer_.steps(), batches_.count() * options_.epochs); }

  Expected<Progress> run_epoch(int64_t epoch) {
    Progress progress{.epoch = epoch, .epochs = options_.epochs, .samples_of_epoch = samples_};
    const auto begin = std::chrono::steady_clock::now();
    double loss = 0;
    int64_t right = 0;
    batches_.start(epoch - 1);
    for (;;) {
      PARE_ASSIGN(const std::optional<Batch> batch, batches_.next());
      if (!batch) return progress;
      PARE_ASSIGN(const float mean, trainer_.step(*batch, rate()));
      progress.samples += batch->size();
      progress.seconds = seconds_since(begin);
      loss += static_cast<double>(mean) * static_cast<double>(batch->size());
      progress.loss = loss / static_cast<double>(progress.samples);
      if (batch->targets.dtype() == DType::Int32) {
        right += count_right(trainer_.scored(), batch->targets);
        progress.accuracy = static_cast<double>(right) / static_cast<double>(progress.samples);
      }
      callbacks_.on_step(progress);
    }
  }

  Trainer& trainer_;
  const FitOptions& options_;
  const FitCallbacks& callbacks_;
  Batches batches_;
  int64_t samples_;
};

}  // namespace

Expected<FitResult> fit(Trainer& trainer, const DataView& view, const FitOptions& options,
                        const FitCallbacks& callbacks) {
  return Fit(trainer, view, options, callbacks).run();
}

}  // namespace pare
