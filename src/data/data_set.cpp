#include "data/data_set.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
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

// The samples of a split that asks for a fraction: neighbouring splits get neighbouring stretches of one shuffled order.
std::vector<int64_t> draw_fraction(const Description& description, Split which, int64_t count) {
  std::vector<int64_t> order = numbers(0, count);
  Random(description.seed).shuffle(order);
  double end = 0;
  int64_t first = 0;
  for (const SplitDescription& split : description.splits) {
    end += split.fraction.value_or(0);
    const int64_t last = std::min<int64_t>(count, std::llround(end * static_cast<double>(count)));
    if (split.split == which) {
      std::vector<int64_t> drawn(order.begin() + first, order.begin() + last);
      std::sort(drawn.begin(), drawn.end());
      return drawn;
    }
    first = last;
  }
  PARE_CHECK(false, "split '{}' is not in the description", to_string(which));
}

Expected<std::vector<int64_t>> chosen_samples(const Description& description, const SplitDescription& split,
                                              int64_t count) {
  if (split.fraction) {
    std::vector<int64_t> drawn = draw_fraction(description, split.split, count);
    if (drawn.empty()) return bad_input("the fraction {} of {} samples has none", *split.fraction, count);
    return drawn;
  }
  if (split.range) {
    const auto [first, last] = *split.range;
    if (first < 0 || last <= first || last > count)
      return bad_input("the range [{}, {}] does not lie within the {} samples there are", first, last, count);
    return numbers(first, last);
  }
  for (const int64_t sample : split.samples)
    if (sample < 0 || sample >= count)
      return bad_input("sample {} is asked for, there are {} (counted from 0)", sample, count);
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

Expected<std::vector<Tensor>> read_batch(const RawSamples& samples, const Preprocessing& steps, bool mirror,
                                         std::span<const int64_t> indices) {
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
      const Shape one = sample_shape(batch[input]);
      if (sample->shape() != one)
        return named(Error{
            ErrorCode::BadInput,
            fmt::format(
                "the sample has the shape {}, others have {}; resize or cut them to one size in [preprocess] or [sound]",
                sample->shape().to_string(), one.to_string()),
            {},
            nullptr});
      if (!bytes.empty())
        std::memcpy(batch[input].mutable_bytes().data() + i * bytes.size(), bytes.data(), bytes.size());
    }
  }
  return batch;
}

}  // namespace

SampleSource DataView::source() const {
  return {count(), [view = *this](int64_t first, int64_t size) -> Expected<std::vector<Tensor>> {
            PARE_CHECK(first >= 0 && size > 0 && first + size <= view.count());
            PARE_ASSIGN(
                std::vector<Tensor> stored,
                read_batch(*view.samples_, *view.preprocessing_, view.mirror_,
                           std::span(view.indices_).subspan(static_cast<size_t>(first), static_cast<size_t>(size))));
            if (view.order_.empty()) return stored;
            std::vector<Tensor> ordered;
            for (const size_t position : view.order_) ordered.push_back(stored.at(position));
            return ordered;
          }};
}

std::vector<std::string> DataView::inputs() const {
  if (order_.empty()) return samples_->inputs;
  std::vector<std::string> names;
  for (const size_t position : order_) names.push_back(samples_->inputs.at(position));
  return names;
}

DataView DataView::with_inputs(std::span<const size_t> order) const {
  DataView view = *this;
  view.order_.clear();
  for (const size_t position : order) view.order_.push_back(order_.empty() ? position : order_.at(position));
  return view;
}

std::vector<int64_t> DataView::labels() const {
  PARE_CHECK(target_ == TargetKind::Class);
  std::vector<int64_t> out;
  for (const int64_t index : indices_) out.push_back(samples_->labels->at(static_cast<size_t>(index)) + label_offset_);
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

DataView DataView::select(std::span<const int64_t> positions) const {
  DataView part = *this;
  part.indices_.clear();
  for (const int64_t position : positions) part.indices_.push_back(indices_.at(static_cast<size_t>(position)));
  return part;
}

DataView DataView::without_target() const {
  DataView same = *this;
  same.target_ = TargetKind::None;
  same.classes_ = 0;
  same.classes_stated_ = false;
  return same;
}

std::string DataView::name(int64_t position) const {
  return samples_->name(indices_.at(static_cast<size_t>(position)));
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

struct DataSet::Opened {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const RawSamples>> sources;  // by identity
};

Expected<DataSet> DataSet::open(const Description& description) {
  DataSet set;
  set.description_ = description;
  set.opened_ = std::make_shared<Opened>();
  const TargetDescription& target = description.target;
  if (target.kind && *target.kind != TargetKind::Class) {
    set.target_ = *target.kind;
  } else if (target.classes > 0) {
    set.target_ = TargetKind::Class;
    set.classes_ = target.classes;
    set.class_names_ = target.names;
  } else {
    PARE_TRY(set.find_out_target());
  }
  return set;
}

// By what the sources hold: labels, values or neither.
Expected<void> DataSet::find_out_target() {
  const std::vector<SplitDescription> whole{SplitDescription{}};
  for (const SplitDescription& split : divided() ? description_.splits : whole) {
    PARE_ASSIGN(const std::shared_ptr<const RawSamples> samples, samples_of(split));
    const TargetKind found = samples->labels   ? TargetKind::Class
                             : samples->values ? TargetKind::Value
                                               : TargetKind::None;
    target_ =
        std::min(target_, description_.target.kind.value_or(found));  // the kinds stand in the order of preference
    if (target_ != TargetKind::Class || !samples->labels) continue;
    if (class_names_.empty()) class_names_ = samples->class_names;
    for (const int64_t label : *samples->labels) classes_ = std::max(classes_, label + 1);
  }
  classes_ = std::max(classes_, static_cast<int64_t>(class_names_.size()));
  return {};
}

Expected<std::shared_ptr<const RawSamples>> DataSet::samples_of(const SplitDescription& split) const {
  const SourceDescription& source = source_of(split);
  const std::lock_guard lock(opened_->mutex);
  std::shared_ptr<const RawSamples>& slot = opened_->sources[identity(source)];
  if (!slot) {
    PARE_ASSIGN(slot, open_source(source, description_.target.names, description_.preprocessing.sound.rate));
  }
  return slot;
}

Expected<DataView> DataSet::view_of(const SplitDescription& split) const {
  DataView view;
  PARE_ASSIGN(view.samples_, samples_of(split));
  const std::string name = fmt::format("split '{}'", to_string(split.split));
  PARE_ASSIGN_IN(view.indices_, chosen_samples(description_, split, view.samples_->count()), name);
  view.preprocessing_ = std::make_shared<const Preprocessing>(description_.preprocessing);
  view.mirror_ = split.mirror;
  view.target_ = target_;
  view.label_offset_ = description_.target.offset;
  view.classes_ = classes_ + (target_ == TargetKind::Class ? view.label_offset_ : 0);
  view.classes_stated_ = description_.target.classes > 0;
  if (target_ == TargetKind::Class && !view.samples_->labels)
    return bad_input("'{}' has no labels; name them in [source], or say kind = \"none\" in [target]",
                     source_of(split).path);
  if (target_ == TargetKind::Value && !view.samples_->values)
    return bad_input("'{}' has no target values", source_of(split).path);
  return view;
}

Expected<void> DataSet::check_apart(const SplitDescription& split, const DataView& view) const {
  for (const SplitDescription& other : description_.splits) {
    if (other.split == split.split || split.overlap || other.overlap ||
        identity(source_of(other)) != identity(source_of(split)))
      continue;
    PARE_ASSIGN(const DataView there, view_of(other));
    if (const int64_t shared = shared_samples(there.indices_, view.indices_); shared > 0)
      return bad_input(
          "the splits '{}' and '{}' share {} samples; keep them apart, or say overlap = true in one of them",
          to_string(split.split), to_string(other.split), shared);
  }
  return {};
}

Expected<void> DataSet::check_labels(const DataView& view) const {
  if (target_ != TargetKind::Class) return {};
  for (const int64_t index : view.indices_) {
    const int64_t label = (*view.samples_->labels)[static_cast<size_t>(index)];
    if (label >= 0 && label < classes_) continue;
    return bad_input("{} has the label {}; the {} classes are numbered 0 to {}", view.samples_->name(index), label,
                     classes_, classes_ - 1);
  }
  return {};
}

std::vector<Split> DataSet::splits() const {
  std::vector<Split> out;
  for (const SplitDescription& split : description_.splits) out.push_back(split.split);
  return out;
}

bool DataSet::has(Split which) const {
  const std::vector<Split> present = splits();
  return !divided() || std::find(present.begin(), present.end(), which) != present.end();
}

Expected<DataView> DataSet::split(Split which) const {
  const SplitDescription whole;
  const auto found = std::find_if(description_.splits.begin(), description_.splits.end(),
                                  [&](const SplitDescription& each) { return each.split == which; });
  if (divided() && found == description_.splits.end()) {
    std::vector<std::string_view> names;
    for (const Split each : splits()) names.push_back(to_string(each));
    return bad_input("the data set '{}' has no split '{}'; it has: {}", name(), to_string(which),
                     fmt::join(names, ", "));
  }
  const SplitDescription& split = divided() ? *found : whole;
  PARE_ASSIGN_IN(DataView view, view_of(split), fmt::format("data set '{}'", name()));
  PARE_TRY(check_apart(split, view));
  PARE_TRY(check_labels(view));
  return view;
}

}  // namespace pare
