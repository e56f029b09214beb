#include "data/data_set.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "data/preprocess.h"

namespace pare {
namespace {

std::vector<int64_t> numbers(int64_t first, int64_t last) {
  std::vector<int64_t> out(static_cast<size_t>(last - first));
  std::iota(out.begin(), out.end(), first);
  return out;
}

// The samples of each split that asks for a fraction: neighbouring stretches of one shuffled order.
std::map<Split, std::vector<int64_t>> draw_fractions(const Description& description, int64_t count) {
  std::vector<int64_t> order = numbers(0, count);
  Random(description.seed).shuffle(order);
  std::map<Split, std::vector<int64_t>> drawn;
  double end = 0;
  int64_t first = 0;
  for (const SplitDescription& split : description.splits) {
    if (!split.fraction) continue;
    end += *split.fraction;
    const int64_t last = std::min<int64_t>(count, std::llround(end * static_cast<double>(count)));
    drawn[split.split].assign(order.begin() + first, order.begin() + last);
    std::sort(drawn[split.split].begin(), drawn[split.split].end());
    first = last;
  }
  return drawn;
}

Expected<std::vector<int64_t>> chosen_samples(const SplitDescription& split, int64_t count, const std::map<Split, std::vector<int64_t>>& fractions) {
  if (split.fraction) return fractions.at(split.split);
  if (split.range) {
    const auto [first, last] = *split.range;
    if (first < 0 || last <= first || last > count) return bad_input("the range [{}, {}] does not lie within the {} samples there are", first, last, count);
    return numbers(first, last);
  }
  for (const int64_t sample : split.samples)
    if (sample < 0 || sample >= count) return bad_input("sample {} is asked for, there are {} (counted from 0)", sample, count);
  return split.samples.empty() ? numbers(0, count) : split.samples;
}

// Two splits read the same stored samples when they read the same arrays of the same file.
std::string identity(const SourceDescription& source) {
  std::error_code ignored;
  const std::filesystem::path path = std::filesystem::weakly_canonical(source.path, ignored);
  return fmt::format("{}|{}|{}", path.string(), fmt::join(source.x, ","), source.labels);
}

int64_t shared_samples(std::vector<int64_t> a, std::vector<int64_t> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::vector<int64_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return static_cast<int64_t>(both.size());
}

Expected<std::vector<Tensor>> read_batch(const RawSamples& samples, const Preprocessing& steps, bool mirror, std::span<const int64_t> indices) {
  std::vector<Tensor> batch;
  for (size_t i = 0; i < indices.size(); ++i) {
    const auto named = [&](const Error& error) { return Failure(error.within(samples.name(indices[i]))); };
    const auto stored = samples.read(indices[i]);
    if (!stored) return named(stored.error());
    for (size_t input = 0; input < stored->size(); ++input) {
      auto sample = preprocess((*stored)[input], samples.channels_first, steps, mirror);
      if (!sample) return named(sample.error());
      if (i == 0) {
        Shape shape{static_cast<int64_t>(indices.size())};
        for (const int64_t extent : sample->shape()) shape.push_back(extent);
        batch.emplace_back(sample->dtype(), shape);
      }
      const std::span<const std::byte> bytes = sample->bytes();
      const Shape one(std::vector<int64_t>(batch[input].shape().begin() + 1, batch[input].shape().end()));
      if (sample->shape() != one)
        return named(Error{ErrorCode::BadInput, fmt::format("the sample has the shape {}, others have {}; resize or cut them to one size in [preprocess]", sample->shape().to_string(), one.to_string()), {}, nullptr});
      if (!bytes.empty()) std::memcpy(batch[input].mutable_bytes().data() + i * bytes.size(), bytes.data(), bytes.size());
    }
  }
  return batch;
}

}  // namespace

SampleSource DataView::source() const {
  return {count(), [samples = samples_, steps = preprocessing_, mirror = mirror_, indices = indices_](int64_t first, int64_t size) {
            PARE_CHECK(first >= 0 && size > 0 && first + size <= static_cast<int64_t>(indices.size()));
            return read_batch(*samples, *steps, mirror, std::span(indices).subspan(static_cast<size_t>(first), static_cast<size_t>(size)));
          }};
}

std::vector<int64_t> DataView::labels() const {
  PARE_CHECK(target_ == TargetKind::Class);
  std::vector<int64_t> out;
  for (const int64_t index : indices_) out.push_back(samples_->labels->at(static_cast<size_t>(index)));
  return out;
}

Tensor DataView::values() const {
  PARE_CHECK(target_ == TargetKind::Value);
  const Tensor& all = *samples_->values;
  Shape shape = all.shape();
  const size_t bytes = all.bytes().size() / static_cast<size_t>(shape[0]);
  shape[0] = count();
  Tensor out(all.dtype(), shape);
  std::byte* to = out.mutable_bytes().data();
  for (size_t i = 0; i < indices_.size(); ++i)
    std::memcpy(to + i * bytes, all.bytes().data() + static_cast<size_t>(indices_[i]) * bytes, bytes);
  return out;
}

DataView DataView::first(int64_t count) const {
  DataView part = *this;
  part.indices_.resize(std::min(indices_.size(), static_cast<size_t>(std::max<int64_t>(count, 0))));
  return part;
}

Expected<DataSet> DataSet::open(const std::filesystem::path& path) {
  if (path.extension() != ".toml") {
    PARE_ASSIGN(const Description guessed, guess_description(path));
    return open(guessed);
  }
  PARE_ASSIGN(const Description description, read_description(path));
  auto opened = open(description);
  return opened ? std::move(opened) : Failure(opened.error().within(path.string()));
}

Expected<DataSet> DataSet::open(const Description& description) {
  DataSet set;
  set.description_ = description;
  PARE_TRY(set.open_views());
  PARE_TRY(set.decide_target());
  PARE_TRY(set.check_labels());
  return set;
}

Expected<void> DataSet::open_views() {
  const auto steps = std::make_shared<const Preprocessing>(description_.preprocessing);
  std::map<std::string, std::shared_ptr<const RawSamples>> opened;  // one object for each file that several splits read
  const auto open_once = [&](const SourceDescription& source) -> Expected<std::shared_ptr<const RawSamples>> {
    std::shared_ptr<const RawSamples>& slot = opened[identity(source)];
    if (!slot) {
      PARE_ASSIGN(slot, open_source(source, description_.target.names));
    }
    return slot;
  };
  std::map<Split, std::vector<int64_t>> fractions;
  if (std::any_of(description_.splits.begin(), description_.splits.end(), [](const SplitDescription& split) { return split.fraction.has_value(); })) {
    PARE_ASSIGN(const std::shared_ptr<const RawSamples> common, open_once(*description_.source));
    fractions = draw_fractions(description_, common->count());
  }
  std::vector<SplitDescription> splits = description_.splits;
  if (splits.empty()) splits.push_back({.split = Split::Test});
  for (const SplitDescription& split : splits) {
    DataView view;
    PARE_ASSIGN(view.samples_, open_once(split.source ? *split.source : *description_.source));
    PARE_ASSIGN_IN(view.indices_, chosen_samples(split, view.samples_->count(), fractions), fmt::format("split '{}'", to_string(split.split)));
    if (view.indices_.empty()) return bad_input("split '{}' has no samples; enlarge its fraction", to_string(split.split));
    view.preprocessing_ = steps;
    view.mirror_ = split.mirror;
    for (const SplitDescription& other : splits) {
      const auto before = views_.find(other.split);
      if (before == views_.end() || split.overlap || other.overlap || before->second.samples_ != view.samples_) continue;
      if (const int64_t shared = shared_samples(before->second.indices_, view.indices_); shared > 0)
        return bad_input("the splits '{}' and '{}' share {} samples; keep them apart, or say overlap = true in one of them", to_string(other.split), to_string(split.split), shared);
    }
    views_.emplace(split.split, std::move(view));
  }
  return {};
}

Expected<void> DataSet::decide_target() {
  const RawSamples& samples = *views_.begin()->second.samples_;
  const TargetKind found = samples.labels ? TargetKind::Class : samples.values ? TargetKind::Value : TargetKind::None;
  target_ = description_.target.kind.value_or(found);
  for (auto& [which, view] : views_) {
    view.target_ = target_;
    if (target_ == TargetKind::Class && !view.samples_->labels) return bad_input("the split '{}' has no labels; name them in [source], or say kind = \"none\" in [target]", to_string(which));
    if (target_ == TargetKind::Value && !view.samples_->values) return bad_input("the split '{}' has no target values", to_string(which));
  }
  if (target_ != TargetKind::Class) return {};
  class_names_ = description_.target.names.empty() ? samples.class_names : description_.target.names;
  classes_ = description_.target.classes > 0 ? description_.target.classes : static_cast<int64_t>(class_names_.size());
  if (classes_ > 0) return {};
  for (const auto& [which, view] : views_)
    for (const int64_t label : *view.samples_->labels) classes_ = std::max(classes_, label + 1);
  return {};
}

Expected<void> DataSet::check_labels() const {
  if (target_ != TargetKind::Class) return {};
  for (const auto& [which, view] : views_)
    for (const int64_t index : view.indices_) {
      const int64_t label = (*view.samples_->labels)[static_cast<size_t>(index)];
      if (label >= 0 && label < classes_) continue;
      return bad_input("{} has the label {}; the {} classes are numbered 0 to {}", view.samples_->name(index), label, classes_, classes_ - 1);
    }
  return {};
}

std::vector<Split> DataSet::splits() const {
  std::vector<Split> out;
  if (divided())
    for (const auto& [which, view] : views_) out.push_back(which);
  return out;
}

Expected<DataView> DataSet::split(Split which) const {
  if (!divided()) return views_.begin()->second;
  if (const auto found = views_.find(which); found != views_.end()) return found->second;
  std::vector<std::string_view> names;
  for (const Split each : splits()) names.push_back(to_string(each));
  return bad_input("the data set '{}' has no split '{}'; it has: {}", name(), to_string(which), fmt::join(names, ", "));
}

}  // namespace pare
