#include "data/describe.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "base/parallel.h"
#include "data/npy.h"

namespace pare {
namespace {

constexpr int64_t kBatch = 16;

// Reads all batches with several threads and calls body(first, tensors) on them, one at a time.
Expected<void> for_each_batch(const SampleSource& source, int threads,
                              const std::function<Expected<void>(int64_t, const std::vector<Tensor>&)>& body) {
  std::mutex mutex;
  const int64_t batches = (source.count + kBatch - 1) / kBatch;
  return try_parallel_for(batches, threads, [&](int64_t index, int) -> Expected<void> {
    const int64_t first = index * kBatch;
    PARE_ASSIGN(const std::vector<Tensor> batch, source.read(first, std::min(kBatch, source.count - first)));
    const std::lock_guard lock(mutex);
    return body(first, batch);
  });
}

Failure unequal(const std::string& name, const Shape& found, const Shape& first) {
  return bad_input("'{}' has samples of shape {} and of {}; resize or cut them to one size in [preprocess] or [sound]",
                   name, first.to_string(), found.to_string());
}

// Values of one input gathered over batches, whose sums are kept apart so that the order of threads does not matter.
struct Gathered {
  InputSummary summary;
  std::vector<double> sums;  // one a batch
  int64_t elements = 0;
};

void gather(const Tensor& batch, int64_t number, Gathered& into) {
  double sum = 0;
  for (const float value : to_floats(batch)) {
    into.summary.lowest = std::min(into.summary.lowest, double{value});
    into.summary.highest = std::max(into.summary.highest, double{value});
    sum += value;
  }
  into.elements += batch.elements();
  into.sums[static_cast<size_t>(number)] = sum;
}

Expected<std::vector<InputSummary>> summarize_inputs(const DataView& view, int threads) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<Gathered> gathered(view.inputs().size());
  const SampleSource source = view.source();
  PARE_ASSIGN(const std::vector<Tensor> probe, source.read(0, 1));
  for (size_t i = 0; i < gathered.size(); ++i) {
    gathered[i].summary = {view.inputs()[i], probe[i].dtype(), sample_shape(probe[i]), kInfinity, -kInfinity, 0};
    gathered[i].sums.resize(static_cast<size_t>((source.count + kBatch - 1) / kBatch));
  }
  PARE_TRY(for_each_batch(source, threads, [&](int64_t first, const std::vector<Tensor>& batch) -> Expected<void> {
    for (size_t i = 0; i < batch.size(); ++i) {
      if (sample_shape(batch[i]) != gathered[i].summary.shape)
        return unequal(view.inputs()[i], sample_shape(batch[i]), gathered[i].summary.shape);
      gather(batch[i], first / kBatch, gathered[i]);
    }
    return {};
  }));
  std::vector<InputSummary> summaries;
  for (Gathered& each : gathered) {
    double sum = 0;
    for (const double part : each.sums) sum += part;
    each.summary.mean = each.elements > 0 ? sum / static_cast<double>(each.elements) : 0;
    summaries.push_back(each.summary);
  }
  return summaries;
}

}  // namespace

Expected<std::vector<SplitSummary>> summarize(const DataSet& set, int threads) {
  std::vector<SplitSummary> summaries;
  const std::vector<Split> splits = set.divided() ? set.splits() : std::vector<Split>{Split::Test};
  for (const Split which : splits) {
    PARE_ASSIGN(const DataView view, set.split(which));
    SplitSummary summary{set.divided() ? std::string(to_string(which)) : "all", view.count(), {}, {}};
    if (set.target() == TargetKind::Class) {
      summary.per_class.resize(static_cast<size_t>(set.classes()));
      for (const int64_t label : view.labels()) ++summary.per_class[static_cast<size_t>(label)];
    }
    PARE_ASSIGN_IN(summary.inputs, summarize_inputs(view, threads), fmt::format("split '{}'", summary.name));
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

Expected<void> export_arrays(const DataView& view, const std::filesystem::path& path, int threads) {
  PARE_TRY(check_arrays_writable(path));
  const SampleSource source = view.source();
  PARE_ASSIGN(const std::vector<Tensor> probe, source.read(0, 1));
  std::vector<NamedTensor> arrays;
  for (size_t i = 0; i < probe.size(); ++i) {
    Shape shape = probe[i].shape();
    shape[0] = source.count;
    arrays.push_back({probe.size() == 1 ? "x" : view.inputs()[i], Tensor(probe[i].dtype(), shape)});
  }
  PARE_TRY(for_each_batch(source, threads, [&](int64_t first, const std::vector<Tensor>& batch) -> Expected<void> {
    for (size_t i = 0; i < batch.size(); ++i) {
      if (sample_shape(batch[i]) != sample_shape(probe[i]))
        return unequal(view.inputs()[i], sample_shape(batch[i]), sample_shape(probe[i]));
      const size_t offset = probe[i].bytes().size() * static_cast<size_t>(first);
      if (!batch[i].bytes().empty())
        std::memcpy(arrays[i].tensor.mutable_bytes().data() + offset, batch[i].bytes().data(), batch[i].bytes().size());
    }
    return {};
  }));
  if (view.target() == TargetKind::Class) arrays.push_back({"y", Tensor::vector<int64_t>(view.labels())});
  if (view.target() == TargetKind::Value) arrays.push_back({"y", view.values()});
  return write_arrays(path, arrays);
}

Expected<Description> divide(const DataSet& set, const std::vector<Fraction>& fractions, uint64_t seed) {
  std::vector<std::string_view> names;
  for (const Split split : set.splits()) names.push_back(to_string(split));
  if (set.divided())
    return usage_error("the data set '{}' is divided already, into {}; give what it was made from", set.name(),
                       fmt::join(names, ", "));
  Description description = set.description();
  // From here on the paths no longer hang on the present folder; names inside an archive stay.
  for (std::string* path : {&description.source->path, &description.source->labels})
    if (std::filesystem::exists(*path)) *path = std::filesystem::absolute(*path).lexically_normal().string();
  description.seed = seed;
  double whole = 0;
  for (const Split which : kAllSplits)  // the order in which a description is read
    for (const auto& [split, part] : fractions) {
      if (split != which) continue;
      if (!(part > 0 && part <= 1))
        return usage_error("the fraction {} of '{}' must be above 0 and at most 1", part, to_string(split));
      whole += part;
      description.splits.push_back({.split = split, .fraction = part});
    }
  if (fractions.empty() || whole > 1 + 1e-9)
    return usage_error("the fractions add up to {:.4g}; something above 0 and at most 1 was expected", whole);
  return description;
}

}  // namespace pare
