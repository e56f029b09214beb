#include "data/raw_samples.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "data/csv.h"

namespace pare {

Expected<std::vector<Tensor>> RecordSamples::read(int64_t index) const {
  PARE_CHECK(index >= 0 && index < count_, "sample {} of {}", index, count_);
  std::vector<Tensor> inputs;
  for (const Field& field : fields_) {
    Tensor tensor(field.dtype, field.shape);
    const std::span<std::byte> bytes = tensor.mutable_bytes();
    PARE_TRY(field.bytes->read(field.offset + field.stride * static_cast<uint64_t>(index), bytes));
    const size_t width = storage_bytes(field.dtype, 1);
    if (field.big_endian)
      for (size_t at = 0; at < bytes.size(); at += width) std::reverse(bytes.data() + at, bytes.data() + at + width);
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

Shape sample_shape(const Tensor& batch) {
  return Shape(std::vector<int64_t>(batch.shape().begin() + 1, batch.shape().end()));
}

Expected<std::shared_ptr<const RawSamples>> open_source(const SourceDescription& source,
                                                        const std::vector<std::string>& class_names, int64_t rate) {
  const auto open = [&]() -> Expected<std::shared_ptr<RawSamples>> {
    switch (source.kind) {
      case SourceKind::Npz:
      case SourceKind::Npy: return open_arrays(source);
      case SourceKind::Idx: return open_idx(source);
      case SourceKind::Cifar10:
      case SourceKind::Cifar100: return open_cifar(source);
      case SourceKind::Raw: return open_raw(source);
      case SourceKind::RawFiles:
      case SourceKind::Images:
      case SourceKind::Sounds: return open_files(source, class_names, rate);
      case SourceKind::Csv: return open_table(source, class_names);
    }
    PARE_CHECK(false, "source kind {}", static_cast<int>(source.kind));
  };
  auto opened = open();
  if (!opened)
    return opened.error().where == source.path ? Failure(opened.error()) : Failure(opened.error().within(source.path));
  const std::shared_ptr<RawSamples> samples = *opened;
  if (samples->inputs.empty()) samples->inputs = {"x"};
  samples->channels_first = samples->channels_first || source.channels_first;
  const auto mismatch = [&](int64_t targets) {
    return Failure(
        Error{ErrorCode::BadInput,
              fmt::format("there are {} samples and {} labels; as many were expected", samples->count(), targets),
              source.path, nullptr});
  };
  if (samples->count() == 0)
    return Failure(Error{ErrorCode::BadInput, "there are no samples in it", source.path, nullptr});
  if (samples->labels && static_cast<int64_t>(samples->labels->size()) != samples->count())
    return mismatch(static_cast<int64_t>(samples->labels->size()));
  if (samples->values && samples->values->shape()[0] != samples->count()) return mismatch(samples->values->shape()[0]);
  return samples;
}

Expected<std::vector<int64_t>> labels_from_texts(const std::vector<std::string>& texts,
                                                 const std::vector<std::string>& class_names,
                                                 std::vector<std::string>& found_names) {
  std::vector<int64_t> labels;
  for (const std::string& text : texts)
    if (const std::optional<int64_t> number = parse_integer(text)) labels.push_back(*number);
  if (labels.size() == texts.size()) return labels;
  std::vector<std::string> names = class_names;
  if (names.empty()) {
    names = texts;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    found_names = names;
  }
  std::unordered_map<std::string, int64_t> numbers;
  for (size_t i = 0; i < names.size(); ++i) numbers.emplace(names[i], i);
  labels.clear();
  for (const std::string& text : texts) {
    const auto found = numbers.find(text);
    if (found == numbers.end())
      return bad_input("the label '{}' is none of the classes: {}", text, fmt::join(names, ", "));
    labels.push_back(found->second);
  }
  return labels;
}

Expected<void> take_targets(const Tensor& y, RawSamples& samples) {
  if (y.shape().rank() == 0) return bad_input("the targets are a single number; one for each sample was expected");
  if (y.dtype() == DType::Bool || is_integer(y.dtype())) {
    if (y.shape()[0] != y.elements())
      return bad_input("the labels have the shape {}; one integer for each sample was expected", y.shape().to_string());
    samples.labels = to_int64(y);
    return {};
  }
  const std::vector<float> floats = to_floats(y);
  // Tables of labels are often saved as floats.
  const bool whole =
      std::all_of(floats.begin(), floats.end(), [](float v) { return v == std::floor(v) && std::abs(v) < 1e6f; });
  if (whole && y.shape()[0] == y.elements()) samples.labels = std::vector<int64_t>(floats.begin(), floats.end());
  samples.values = Tensor::of<float>(y.shape(), floats);
  return {};
}

}  // namespace pare
