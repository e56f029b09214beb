// A data set: samples with what is expected of them, divided into splits that are kept apart.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/sample_source.h"
#include "data/description.h"
#include "data/raw_samples.h"

namespace pare {

// The samples of one split, in order. Cheap to copy; shares files and arrays with its data set.
class DataView {
 public:
  int64_t count() const { return static_cast<int64_t>(indices_.size()); }

  // Preprocessed samples; reads what is asked for when it is asked for. Fails with the name of the sample that is at fault.
  SampleSource source() const;
  // Names of the arrays that source() gives, in its order.
  std::vector<std::string> inputs() const;

  TargetKind target() const { return target_; }
  // For TargetKind::Class: the output that each sample should raise, below classes(), and whether the description says how many
  // there are (else it is the largest label that gives the number).
  int64_t classes() const { return classes_; }
  bool classes_stated() const { return classes_stated_; }
  std::vector<int64_t> labels() const;
  // For TargetKind::Value: f32 [count, ...].
  Tensor values() const;

  // The first `count` samples, or all where there are fewer.
  DataView first(int64_t count) const;
  // The samples at these positions, in this order.
  DataView select(std::span<const int64_t> positions) const;
  // The same samples, with their arrays in this order; each number is a position in inputs().
  DataView with_inputs(std::span<const size_t> order) const;
  // The same samples as if nothing were known of them.
  DataView without_target() const;
  // For messages: the file or the number of the sample at a position.
  std::string name(int64_t position) const;

 private:
  friend class DataSet;
  std::shared_ptr<const RawSamples> samples_;
  std::shared_ptr<const Preprocessing> preprocessing_;
  std::vector<int64_t> indices_;
  TargetKind target_ = TargetKind::None;
  int64_t label_offset_ = 0;
  int64_t classes_ = 0;
  bool classes_stated_ = false;
  bool mirror_ = false;
  std::vector<size_t> order_;  // of the arrays; empty: as they are stored
};

class DataSet {
 public:
  // A description (.toml) or a bare file or folder (see guess_description). Where the description says what the target is, files are
  // opened when a split is asked for; else all are opened here, to find out. Samples themselves are not read.
  static Expected<DataSet> open(const std::filesystem::path& path);
  static Expected<DataSet> open(const Description& description);

  const std::string& name() const { return description_.name; }
  const Description& description() const { return description_; }

  // An undivided data set has no splits; it stands for whichever is asked for.
  bool divided() const { return !description_.splits.empty(); }
  std::vector<Split> splits() const;
  bool has(Split which) const;
  // Opens the files of the split, checks its labels, and refuses samples that another split has too. Fails with the splits that
  // there are for one that is missing.
  Expected<DataView> split(Split which) const;

  TargetKind target() const { return target_; }
  int64_t classes() const { return classes_; }                                  // 0 unless the target is a class
  const std::vector<std::string>& class_names() const { return class_names_; }  // may be empty

 private:
  struct Opened;  // sources, each opened once

  Expected<void> find_out_target();
  Expected<std::shared_ptr<const RawSamples>> samples_of(const SplitDescription& split) const;
  const SourceDescription& source_of(const SplitDescription& split) const {
    return split.source ? *split.source : *description_.source;
  }
  Expected<DataView> view_of(const SplitDescription& split) const;
  Expected<void> check_apart(const SplitDescription& split, const DataView& view) const;
  Expected<void> check_labels(const DataView& view) const;

  Description description_;
  TargetKind target_ = TargetKind::None;
  int64_t classes_ = 0;
  std::vector<std::string> class_names_;
  std::shared_ptr<Opened> opened_;
};

}  // namespace pare
