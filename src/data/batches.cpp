#include "data/batches.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <stop_token>
#include <thread>

#include "base/parallel.h"
#include "base/random.h"
#include "data/kept_samples.h"

namespace pare {

namespace {

// Labels i32 [batch] as f32 [batch, classes].
Tensor one_hot(const Tensor& labels, int64_t classes) {
  Tensor out(DType::Float32, {labels.elements(), classes});
  float* row = out.mutable_values<float>().data();
  for (const int32_t label : labels.values<int32_t>()) {
    row[label] = 1;
    row += classes;
  }
  return out;
}

// share * row + (1 - share) * next row, the first one being next to the last.
void mix_rows(Tensor& rows, std::span<const float> shares) {
  const Tensor before = rows;
  const std::span<const float> from = before.values<float>();
  const std::span<float> to = rows.mutable_values<float>();
  const size_t width = to.size() / shares.size();
  for (size_t i = 0; i < shares.size(); ++i) {
    const float* next = from.data() + (i + 1) % shares.size() * width;
    for (size_t k = 0; k < width; ++k) to[i * width + k] = shares[i] * from[i * width + k] + (1 - shares[i]) * next[k];
  }
}

}  // namespace

class Batches::Loader {
 public:
  Loader(const DataView& view, BatchOptions options)
      : view_(view), options_(std::move(options)), samples_(KeptSamples::open(view, options_.cache_bytes)) {
    PARE_CHECK(options_.batch > 0 && options_.threads > 0 && options_.ahead > 0);
    if (view_.target() == TargetKind::Class) labels_ = view_.labels();
    if (view_.target() == TargetKind::Value) values_ = view_.values();
    if (samples_)
      ready_ = check_options();
    else
      ready_ = Failure(samples_.error());
  }

  int64_t count() const {
    const int64_t whole = view_.count() / options_.batch;
    return whole + (!options_.drop_last && view_.count() % options_.batch != 0 ? 1 : 0);
  }

  void start(int64_t epoch, int64_t first_batch) {
    PARE_CHECK(first_batch >= 0 && first_batch <= count(), "batch {} of {}", first_batch, count());
    threads_.clear();  // asks each to stop and waits for it
    epoch_seed_ = stream_seed(options_.seed, epoch);
    made_.clear();
    next_to_make_ = next_to_give_ = first_batch;
    order_.resize(static_cast<size_t>(view_.count()));
    std::iota(order_.begin(), order_.end(), 0);
    if (options_.shuffle) Random(epoch_seed_).shuffle(order_);
    if (!ready_) return;
    for (int thread = 0; thread < options_.threads; ++thread)
      threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }

  Expected<std::optional<Batch>> next() {
    if (!ready_) return Failure(ready_.error());
    PARE_CHECK(!threads_.empty(), "no epoch was started");
    if (next_to_give_ == count()) return std::nullopt;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return made_.contains(next_to_give_); });
    const auto node = made_.extract(next_to_give_++);
    lock.unlock();
    changed_.notify_all();  // there is room for one more
    Made& made = node.mapped();
    if (made.defect) std::rethrow_exception(made.defect);
    if (!made.batch) return Failure(made.batch.error());
    return std::optional(std::move(*made.batch));
  }

 private:
  struct Made {
    Expected<Batch> batch;
    std::exception_ptr defect;
  };

  Expected<void> check_options() const {
    PARE_TRY(check_augmentation(options_.augmentation, samples_->dtypes(), samples_->shapes()));
    const std::vector<float>& weights = options_.class_weights;
    if (weights.empty()) return {};
    if (view_.target() != TargetKind::Class)
      return bad_input("class weights need classes; the target of this data set is '{}'", to_string(view_.target()));
    if (static_cast<int64_t>(weights.size()) != view_.classes())
      return bad_input("there are {} class weights for {} classes", weights.size(), view_.classes());
    return {};
  }

  // A thread: makes batch after batch, each one that nobody has begun, while there is room.
  void work(const std::stop_token& stop) {
    flush_denormals();
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop,
                         [&] { return next_to_make_ == count() || next_to_make_ < next_to_give_ + options_.ahead; })) {
      if (stop.stop_requested() || next_to_make_ == count()) return;
      const int64_t number = next_to_make_++;
      lock.unlock();
      Made made = make_or_catch(number);
      lock.lock();
      made_.emplace(number, std::move(made));
      changed_.notify_all();
    }
  }

  Made make_or_catch(int64_t number) {
    try {
      return {make(number), nullptr};
    } catch (...) { return {Batch{}, std::current_exception()}; }
  }

  Expected<Batch> make(int64_t number) {
    const int64_t first = number * options_.batch, size = std::min(options_.batch, view_.count() - first);
    const std::span<const int64_t> chosen =
        std::span(order_).subspan(static_cast<size_t>(first), static_cast<size_t>(size));
    PARE_ASSIGN(std::vector<Tensor> inputs, samples_->read(chosen));
    Batch batch{std::move(inputs), {}, Tensor(DType::Float32, {size}), {chosen.begin(), chosen.end()}};
    augment_inputs(chosen, batch);
    take_targets(chosen, batch);
    if (options_.augmentation.mixup > 0) mix(chosen, batch);
    return batch;
  }

  // The random numbers of a sample in this epoch.
  uint64_t seed_of(int64_t sample) const { return stream_seed(epoch_seed_, sample); }

  void augment_inputs(std::span<const int64_t> chosen, Batch& batch) const {
    if (!options_.augmentation.any()) return;
    for (size_t input = 0; input < batch.inputs.size(); ++input) {
      if (batch.inputs[input].dtype() != DType::Float32) continue;
      const std::span<float> values = batch.inputs[input].mutable_values<float>();
      const size_t size = values.size() / chosen.size();
      for (size_t i = 0; i < chosen.size(); ++i)
        augment(options_.augmentation, samples_->shapes()[input], values.subspan(i * size, size),
                Random(seed_of(chosen[i])));
    }
  }

  // Mixup: each sample with the next one of its batch.
  void mix(std::span<const int64_t> chosen, Batch& batch) const {
    std::vector<float> shares;
    for (const int64_t sample : chosen) {
      Random random(stream_seed(seed_of(sample), 0));
      shares.push_back(draw_mixup_share(options_.augmentation.mixup, random));
    }
    for (Tensor& input : batch.inputs) mix_rows(input, shares);
    mix_rows(batch.weights, shares);
    if (view_.target() == TargetKind::Input) batch.targets = batch.inputs.front();
    if (view_.target() == TargetKind::Class) batch.targets = one_hot(batch.targets, view_.classes());
    if (view_.target() == TargetKind::Class || view_.target() == TargetKind::Value) mix_rows(batch.targets, shares);
  }

  void take_targets(std::span<const int64_t> chosen, Batch& batch) const {
    const auto size = static_cast<int64_t>(chosen.size());
    const std::span<float> weights = batch.weights.mutable_values<float>();
    std::fill(weights.begin(), weights.end(), 1.0f);
    if (view_.target() == TargetKind::Input) batch.targets = batch.inputs.front();
    if (view_.target() == TargetKind::Value) {
      Shape shape = values_.shape();
      shape[0] = size;
      batch.targets = Tensor(DType::Float32, shape);
      const size_t bytes = values_.bytes().size() / static_cast<size_t>(view_.count());
      std::byte* to = batch.targets.mutable_bytes().data();
      for (size_t i = 0; i < chosen.size(); ++i)
        std::memcpy(to + i * bytes, values_.bytes().data() + static_cast<size_t>(chosen[i]) * bytes, bytes);
    }
    if (view_.target() != TargetKind::Class) return;
    batch.targets = Tensor(DType::Int32, {size});
    const std::span<int32_t> labels = batch.targets.mutable_values<int32_t>();
    for (size_t i = 0; i < chosen.size(); ++i) {
      const int64_t label = labels_[static_cast<size_t>(chosen[i])];
      labels[i] = static_cast<int32_t>(label);
      if (!options_.class_weights.empty()) weights[i] = options_.class_weights[static_cast<size_t>(label)];
    }
  }

  const DataView view_;
  const BatchOptions options_;
  Expected<KeptSamples> samples_;
  std::vector<int64_t> labels_;
  Tensor values_;
  Expected<void> ready_;
  uint64_t epoch_seed_ = 0;  // of the epoch in progress
  std::vector<int64_t> order_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  int64_t next_to_make_ = 0, next_to_give_ = 0;
  std::map<int64_t, Made> made_;       // by number
  std::vector<std::jthread> threads_;  // the last member: they end before the rest does
};

Batches::Batches(const DataView& view, BatchOptions options)
    : loader_(std::make_unique<Loader>(view, std::move(options))) {}
Batches::~Batches() = default;
Batches::Batches(Batches&&) noexcept = default;
Batches& Batches::operator=(Batches&&) noexcept = default;

int64_t Batches::count() const { return loader_->count(); }
void Batches::start(int64_t epoch, int64_t first_batch) { loader_->start(epoch, first_batch); }
Expected<std::optional<Batch>> Batches::next() { return loader_->next(); }

}  // namespace pare
