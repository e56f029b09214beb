// Samples as their files hold them, before any preprocessing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "data/bytes.h"
#include "data/description.h"

namespace pare {

class RawSamples {
 public:
  virtual ~RawSamples() = default;
  virtual int64_t count() const = 0;
  // One array for each input of the network, in the stored type and layout, without a batch dimension. May be called by several
  // threads at once.
  virtual Expected<std::vector<Tensor>> read(int64_t index) const = 0;
  // For messages: the file or the number of a sample.
  virtual std::string name(int64_t index) const { return fmt::format("sample {}", index); }

  std::vector<std::string> inputs;  // names, in the order that read() gives
  std::optional<std::vector<int64_t>> labels;
  std::optional<Tensor> values;          // f32 [count, ...]: target values
  std::vector<std::string> class_names;  // where the source has them (folders, texts in a table)
  bool channels_first = false;
};

// Samples of equal size at equal distances in a file or in memory, one such field for each input.
class RecordSamples : public RawSamples {
 public:
  struct Field {
    std::shared_ptr<const ByteSource> bytes;
    uint64_t offset = 0;  // of sample 0
    uint64_t stride = 0;  // bytes from one sample to the next
    DType dtype = DType::UInt8;
    Shape shape;  // of one sample
    bool big_endian = false;
  };

  RecordSamples(int64_t count, std::vector<Field> fields) : count_(count), fields_(std::move(fields)) {}
  int64_t count() const override { return count_; }
  Expected<std::vector<Tensor>> read(int64_t index) const override;

 private:
  int64_t count_;
  std::vector<Field> fields_;
};

// Of one sample of a batch, which has the samples in front.
Shape sample_shape(const Tensor& batch);

// Opens what a description names. `class_names` are those that the target gives, to understand labels that are texts; `rate` is
// that of [sound], for sources of sounds.
Expected<std::shared_ptr<const RawSamples>> open_source(const SourceDescription& source,
                                                        const std::vector<std::string>& class_names, int64_t rate);

// The sources by kind; open_source chooses.
Expected<std::shared_ptr<RawSamples>> open_arrays(const SourceDescription& source);  // npz, npy
Expected<std::shared_ptr<RawSamples>> open_idx(const SourceDescription& source);
Expected<std::shared_ptr<RawSamples>> open_cifar(const SourceDescription& source);
Expected<std::shared_ptr<RawSamples>> open_raw(const SourceDescription& source);
Expected<std::shared_ptr<RawSamples>> open_files(const SourceDescription& source,
                                                 const std::vector<std::string>& class_names,
                                                 int64_t rate);  // raw_files, images, sounds
Expected<std::shared_ptr<RawSamples>> open_table(const SourceDescription& source,
                                                 const std::vector<std::string>& class_names);

// Labels as written in a table: integers; or, where one is none, names, looked up in `class_names` or, if that is empty, numbered in
// alphabetical order (then `found_names` gets them).
Expected<std::vector<int64_t>> labels_from_texts(const std::vector<std::string>& texts,
                                                 const std::vector<std::string>& class_names,
                                                 std::vector<std::string>& found_names);

// Labels and target values that came as one array `y` of `count` rows: integers are labels, floats are values, unless they are
// whole numbers in one column.
Expected<void> take_targets(const Tensor& y, RawSamples& samples);

}  // namespace pare
