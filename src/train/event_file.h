// Logs that TensorBoard reads: event files, in the byte form of TensorFlow's TFRecord files and Event messages.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"

namespace pare {

// How values are spread. Bucket i counts those above the limit of the bucket before it, up to its own.
struct Histogram {
  double smallest = 0, largest = 0;
  double count = 0, sum = 0, sum_of_squares = 0;
  std::vector<double> limits, counts;
};

// Of the finite values among these, in at most 30 buckets of equal width.
Histogram histogram_of(std::span<const float> values);

// One value of a log at one step, under the name that its chart gets.
struct LoggedValue {
  std::string name;
  std::variant<double, Histogram> value;
};

class EventFile {
 public:
  // Begins a file. What earlier files of the folder hold from step `first_step` on is not shown any more.
  static Expected<EventFile> create(std::filesystem::path path, int64_t first_step);

  // The file holds all of them or, after a failure, none.
  Expected<void> append(int64_t step, std::span<const LoggedValue> values);

 private:
  explicit EventFile(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

// One record of a TFRecord file: its length, the data, and the checksum of each.
std::string tf_record(std::string_view data);

}  // namespace pare
