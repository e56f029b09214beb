#include "data/kept_samples.h"

#include <cstring>
#include <numeric>

namespace pare {

Expected<KeptSamples> KeptSamples::open(const DataView& view, uint64_t most_bytes) {
  KeptSamples samples;
  samples.view_ = view;
  samples.source_ = view.source();
  if (view.count() == 0) return bad_input("there are no samples to train on");
  PARE_ASSIGN(const std::vector<Tensor> probe, samples.source_.read(0, 1));
  for (const Tensor& input : probe) {
    samples.shapes_.push_back(sample_shape(input));
    samples.dtypes_.push_back(input.dtype());
    samples.bytes_.push_back(input.bytes().size());
  }
  const auto count = static_cast<size_t>(view.count());
  const size_t sample = std::accumulate(samples.bytes_.begin(), samples.bytes_.end(), size_t{0});
  if (sample > most_bytes / count) return samples;
  for (const size_t bytes : samples.bytes_) samples.kept_.emplace_back(bytes * count);
  samples.is_kept_.resize(count);
  return samples;
}

Expected<std::vector<Tensor>> KeptSamples::read(std::span<const int64_t> indices) {
  std::vector<Tensor> batch;
  std::vector<std::byte*> to;
  for (size_t input = 0; input < shapes_.size(); ++input) {
    Shape shape{static_cast<int64_t>(indices.size())};
    for (const int64_t extent : shapes_[input]) shape.push_back(extent);
    to.push_back(batch.emplace_back(dtypes_[input], shape).mutable_bytes().data());
  }
  for (const int64_t index : indices) {
    PARE_TRY(copy(index, to));
    for (size_t input = 0; input < to.size(); ++input) to[input] += bytes_[input];
  }
  return batch;
}

Expected<void> KeptSamples::copy(int64_t index, std::span<std::byte* const> to) {
  const auto at = static_cast<size_t>(index);
  if (!kept_.empty() && is_kept_[at] != 0) {
    for (size_t input = 0; input < to.size(); ++input)
      std::memcpy(to[input], kept_[input].data() + at * bytes_[input], bytes_[input]);
    return {};
  }
  PARE_ASSIGN(const std::vector<Tensor> sample, source_.read(index, 1));
  for (size_t input = 0; input < to.size(); ++input) {
    const Shape found = sample_shape(sample[input]);
    if (found != shapes_[input] || sample[input].dtype() != dtypes_[input])
      return Failure(Error{
          ErrorCode::BadInput,
          fmt::format(
              "the sample is {}{}, the first one is {}{}; resize or cut them to one size in [preprocess] or [sound]",
              to_string(sample[input].dtype()), found.to_string(), to_string(dtypes_[input]),
              shapes_[input].to_string()),
          view_.name(index), nullptr});
    std::memcpy(to[input], sample[input].bytes().data(), bytes_[input]);
    if (!kept_.empty()) std::memcpy(kept_[input].data() + at * bytes_[input], to[input], bytes_[input]);
  }
  if (!kept_.empty()) is_kept_[at] = 1;
  return {};
}

}  // namespace pare
