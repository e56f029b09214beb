// A csv as samples: a row each, its numbers as features.
#include <algorithm>

#include "data/csv.h"
#include "data/raw_samples.h"

namespace pare {
namespace {

struct Columns {
  std::vector<size_t> features;
  size_t label = 0;
};

Expected<Columns> choose_columns(const Table& table, const SourceDescription& source) {
  Columns columns;
  PARE_ASSIGN(columns.label, find_column(table, source.label_column.empty() ? std::to_string(table.columns() - 1)
                                                                            : source.label_column));
  for (const std::string& name : source.columns) {
    PARE_ASSIGN(const size_t column, find_column(table, name));
    if (column == columns.label) return bad_input("column '{}' is the label and cannot be a feature too", name);
    columns.features.push_back(column);
  }
  if (source.columns.empty())
    for (size_t c = 0; c < table.columns(); ++c)
      if (c != columns.label) columns.features.push_back(c);
  if (columns.features.empty()) return bad_input("the table has no column beside the label '{}'", columns.label);
  return columns;
}

std::string column_name(const Table& table, size_t column) {
  return table.header.empty() ? std::to_string(column) : table.header[column];
}

Expected<Tensor> read_features(const Table& table, const std::vector<size_t>& columns) {
  Tensor features(DType::Float32, {static_cast<int64_t>(table.rows.size()), static_cast<int64_t>(columns.size())});
  float* to = features.mutable_values<float>().data();
  for (size_t r = 0; r < table.rows.size(); ++r)
    for (const size_t c : columns) {
      const std::optional<float> number = parse_number(table.rows[r][c]);
      if (!number)
        return unsupported(
            "column '{}' holds '{}' in row {}, no finite number; columns of text are not encoded: leave it out by 'columns', or encode it first",
            column_name(table, c), table.rows[r][c], r);
      *to++ = *number;
    }
  return features;
}

}  // namespace

Expected<std::shared_ptr<RawSamples>> open_table(const SourceDescription& source,
                                                 const std::vector<std::string>& class_names) {
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_unpacked(source.path));
  PARE_ASSIGN(const Table table, parse_csv(bytes, source.header));
  if (table.rows.empty()) return bad_input("the table has no rows");
  PARE_ASSIGN(const Columns columns, choose_columns(table, source));
  PARE_ASSIGN(const Tensor features, read_features(table, columns.features));
  const auto count = static_cast<int64_t>(table.rows.size());
  const auto width = static_cast<int64_t>(columns.features.size());
  const uint64_t stride = storage_bytes(DType::Float32, width);
  auto samples = std::make_shared<RecordSamples>(
      count, std::vector<RecordSamples::Field>{{bytes_in_memory(features), 0, stride, DType::Float32, {width}, false}});
  std::vector<std::string> labels;
  std::vector<float> values;
  bool whole = true;
  for (const std::vector<std::string>& row : table.rows) {
    labels.push_back(row[columns.label]);
    whole = whole && parse_integer(labels.back()).has_value();
    if (const std::optional<float> number = parse_number(labels.back())) values.push_back(*number);
  }
  // A column of numbers that are not all integers is a value to predict; everything else names classes.
  if (values.size() == table.rows.size()) samples->values = Tensor::of<float>({count}, values);
  if (whole || values.size() != table.rows.size()) {
    PARE_ASSIGN(samples->labels, labels_from_texts(labels, class_names, samples->class_names));
  }
  return samples;
}

}  // namespace pare
