// Sources of one file a sample: headerless arrays (the layout of MLPerf Tiny), images and sounds.
#include <algorithm>

#include "base/files.h"
#include "data/csv.h"
#include "data/file_set.h"
#include "data/image.h"
#include "data/raw_samples.h"
#include "data/sound_file.h"

namespace pare {
namespace {

class FileSamples : public RawSamples {
 public:
  using Decode = std::function<Expected<Tensor>(std::span<const std::byte>)>;

  FileSamples(FileSet files, std::vector<size_t> chosen, Decode decode)
      : files_(std::move(files)), chosen_(std::move(chosen)), decode_(std::move(decode)) {}

  int64_t count() const override { return static_cast<int64_t>(chosen_.size()); }
  std::string name(int64_t index) const override { return files_.full_name(chosen_.at(static_cast<size_t>(index))); }
  Expected<std::vector<Tensor>> read(int64_t index) const override {
    const size_t file = chosen_.at(static_cast<size_t>(index));
    PARE_ASSIGN(const std::vector<std::byte> bytes, files_.read(file));
    PARE_ASSIGN(Tensor tensor, decode_(bytes));
    return std::vector<Tensor>{std::move(tensor)};
  }

 private:
  FileSet files_;
  std::vector<size_t> chosen_;
  Decode decode_;
};

FileSamples::Decode decoder(const SourceDescription& source, int64_t rate) {
  if (source.kind == SourceKind::Images)
    return [color = source.color](std::span<const std::byte> bytes) { return decode_image(bytes, color); };
  if (source.kind == SourceKind::Sounds)
    return [rate](std::span<const std::byte> bytes) { return decode_sound(bytes, rate); };
  return [dtype = source.dtype, shape = Shape(source.shape)](std::span<const std::byte> bytes) -> Expected<Tensor> {
    const size_t wanted = storage_bytes(dtype, shape.elements());
    if (bytes.size() != wanted)
      return bad_input("{} bytes were found, {} of {}{} were expected", bytes.size(), wanted, to_string(dtype),
                       shape.to_string());
    return Tensor(dtype, shape, bytes);
  };
}

bool is_sample(const std::string& name, SourceKind kind) {
  if (kind == SourceKind::Images) return has_image_ending(name);
  return kind == SourceKind::Sounds ? has_sound_ending(name) : name.ends_with(".bin");
}

std::string_view what_is_wanted(SourceKind kind) {
  if (kind == SourceKind::Images) return "a JPEG or PNG image";
  return kind == SourceKind::Sounds ? "a WAV or FLAC sound" : "a .bin sample";
}

// The csv of labels: inside the set, or a file of its own.
Expected<std::vector<std::byte>> read_labels(const FileSet& files, const std::string& labels) {
  if (const std::optional<size_t> inside = files.find(labels)) return files.read(*inside);
  return read_unpacked(labels);
}

struct Labelled {
  std::vector<size_t> files;
  std::vector<std::string> labels;  // texts; empty: none
};

Expected<Labelled> labelled_by_table(const FileSet& files, const SourceDescription& source) {
  PARE_ASSIGN(const std::vector<std::byte> text, read_labels(files, source.labels));
  PARE_ASSIGN_IN(const Table table, parse_csv(text, source.header), source.labels);
  if (table.rows.empty()) return bad_input("'{}' lists no samples", source.labels);
  PARE_ASSIGN_IN(const size_t file_column, find_column(table, source.file_column), source.labels);
  const std::string last = std::to_string(table.columns() - 1);
  PARE_ASSIGN_IN(const size_t label_column,
                 find_column(table, source.label_column.empty() ? last : source.label_column), source.labels);
  Labelled found;
  for (const std::vector<std::string>& row : table.rows) {
    const std::optional<size_t> file = files.find(row[file_column]);
    if (!file) return bad_input("'{}' lists the file '{}', which is not there", source.labels, row[file_column]);
    found.files.push_back(*file);
    found.labels.push_back(row[label_column]);
  }
  return found;
}

// Every first part of a path is a class; without folders there are no labels.
Labelled labelled_by_folder(const FileSet& files, const std::vector<size_t>& candidates) {
  Labelled found{candidates, {}};
  for (const size_t file : candidates) {
    const std::string& name = files.names()[file];
    const size_t slash = name.find('/');
    if (slash == std::string::npos) return {candidates, {}};
    found.labels.push_back(name.substr(0, slash));
  }
  return found;
}

}  // namespace

Expected<std::shared_ptr<RawSamples>> open_files(const SourceDescription& source,
                                                 const std::vector<std::string>& class_names, int64_t rate) {
  const bool by_folder = source.kind != SourceKind::RawFiles;
  if (source.kind == SourceKind::RawFiles && source.shape.empty())
    return bad_input("raw samples need their 'shape' in [source]");
  PARE_ASSIGN(FileSet files, FileSet::open(source.path));
  Labelled found;
  if (!source.labels.empty()) {
    PARE_ASSIGN(found, labelled_by_table(files, source));
  } else {
    std::vector<size_t> candidates;
    for (size_t i = 0; i < files.names().size(); ++i)
      if (is_sample(files.names()[i], source.kind)) candidates.push_back(i);
    if (candidates.empty())
      return bad_input("there are {} files in it, none is {}", files.names().size(), what_is_wanted(source.kind));
    found = by_folder ? labelled_by_folder(files, candidates) : Labelled{candidates, {}};
  }
  auto samples = std::make_shared<FileSamples>(std::move(files), std::move(found.files), decoder(source, rate));
  if (found.labels.empty()) return samples;
  // Folder names are names even where they look like numbers in another order.
  const bool numbered = !source.labels.empty();
  if (!numbered && class_names.empty()) {
    samples->class_names = found.labels;
    std::sort(samples->class_names.begin(), samples->class_names.end());
    samples->class_names.erase(std::unique(samples->class_names.begin(), samples->class_names.end()),
                               samples->class_names.end());
  }
  const std::vector<std::string>& known = samples->class_names.empty() ? class_names : samples->class_names;
  PARE_ASSIGN(samples->labels, labels_from_texts(found.labels, known, samples->class_names));
  return samples;
}

}  // namespace pare
