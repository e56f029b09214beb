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
  for (const Tensor& each : tensors) all.push_back(own_copy(each));
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

  Expected<FitResult> run(std::optional<FitState> from) {
    if (from) {
      now_ = std::move(*from);
      PARE_TRY(trainer_.restore(now_.carried, now_.steps));
    } else {
      begin_epoch(1);
    }
    FitResult& result = now_.so_far;
    while (now_.progress.epoch <= options_.epochs && !result.stopped_early) {
      PARE_TRY(finish_epoch());
      PARE_TRY(record_epoch());
      begin_epoch(now_.progress.epoch + 1);
      PARE_TRY(keep());
    }
    if (result.best_epoch > 0)
      PARE_TRY(trainer_.restore(now_.best, trainer_.steps()));
    else
      result.best_epoch = static_cast<int64_t>(result.epochs.size());
    return result;
  }

 private:
  int64_t all_steps() const { return batches_.count() * options_.epochs; }
  double rate() const { return rate_at(options_.schedule, trainer_.steps(), all_steps()); }

  bool is_past(double share) const {
    return share < 1 && static_cast<double>(trainer_.steps()) >= share * static_cast<double>(all_steps());
  }

  bool may_be_best() const {
    return options_.best_from <= 0 ||
           static_cast<double>(trainer_.steps()) > options_.best_from * static_cast<double>(all_steps());
  }

  void begin_epoch(int64_t epoch) {
    now_.progress = {.epoch = epoch, .epochs = options_.epochs, .samples_of_epoch = samples_};
    now_.batches = now_.right = 0;
    now_.loss_sum = 0;
  }

  Expected<void> keep() {
    kept_ = std::chrono::steady_clock::now();
    if (!callbacks_.on_checkpoint) return {};
    now_.steps = trainer_.steps();
    now_.carried = copies(trainer_.state());
    return callbacks_.on_checkpoint(now_);
  }

  // The rest of the epoch in progress.
  Expected<void> finish_epoch() {
    Progress& progress = now_.progress;
    const double before = progress.seconds;
    const auto begin = std::chrono::steady_clock::now();
    batches_.start(progress.epoch - 1, now_.batches);
    for (;;) {
      PARE_ASSIGN(const std::optional<Batch> batch, batches_.next());
      if (!batch) return {};
      trainer_.freeze(is_past(options_.freeze_ranges), is_past(options_.freeze_statistics));
      trainer_.damp(damping_at(options_.damping, trainer_.steps(), all_steps()));
      PARE_TRY(callbacks_.before_step(trainer_, all_steps()));
      PARE_ASSIGN(const float mean, trainer_.step(*batch, rate()));
      ++now_.batches;
      progress.samples += batch->size();
      progress.seconds = before + seconds_since(begin);
      now_.loss_sum += static_cast<double>(mean) * static_cast<double>(batch->size());
      progress.loss = now_.loss_sum / static_cast<double>(progress.samples);
      if (batch->targets.dtype() == DType::Int32) {
        now_.right += count_right(trainer_.scored(), batch->targets);
        progress.accuracy = static_cast<double>(now_.right) / static_cast<double>(progress.samples);
      }
      callbacks_.on_step(progress);
      if (seconds_since(kept_) >= options_.checkpoint_seconds) PARE_TRY(keep());
    }
  }

  Expected<void> record_epoch() {
    FitResult& result = now_.so_far;
    EpochRecord record{.progress = now_.progress, .rate = rate()};
    if (callbacks_.judge) { PARE_ASSIGN(record.score, callbacks_.judge(trainer_)); }
    const auto better = [&] {
      return !record.score || result.best_epoch == 0 ||
             *record.score > *result.epochs[static_cast<size_t>(result.best_epoch) - 1].score;
    };
    record.best = may_be_best() && better();
    if (record.best) {
      result.best_epoch = record.progress.epoch;
      now_.best = copies(trainer_.state());
    }
    result.epochs.push_back(record);
    PARE_TRY(callbacks_.on_epoch(record));
    result.stopped_early = options_.patience > 0 && result.best_epoch > 0 &&
                           record.progress.epoch - result.best_epoch >= options_.patience;
    return {};
  }

  Trainer& trainer_;
  const FitOptions& options_;
  const FitCallbacks& callbacks_;
  Batches batches_;
  int64_t samples_;
  FitState now_;
  std::chrono::steady_clock::time_point kept_ = std::chrono::steady_clock::now();
};

}  // namespace

Expected<FitResult> fit(Trainer& trainer, const DataView& view, const FitOptions& options,
                        const FitCallbacks& callbacks, std::optional<FitState> from) {
  return Fit(trainer, view, options, callbacks).run(std::move(from));
}

}  // namespace pare
