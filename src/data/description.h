// What a data set is made of, as written in a `.toml` file or guessed from a bare file or folder.
//
//   name = "kws01"
//   [source]                        where the samples lie; paths are relative to this file; ${NAME} and ${NAME:-default}
//                                   are replaced by the environment
//   kind = "raw_files"
//   path = "${PARE_ASSETS}/data/kws/kws01_features.tar.xz"
//   ...
//   [sound]                         features of waveforms, see struct SoundSteps
//   [preprocess]                    what happens to each sample then, in the order of struct Preprocessing
//   [augment]                       what happens to training samples beside that, see struct Augmentation
//   [target]                        what the outputs are judged against
//   [splits]                        seed of fractions
//   [splits.test]                   calibration, train, validation, test; keys of [source] here override it for the split
//
// docs/data_sets.md lists every key.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/dtype.h"
#include "base/error.h"
#include "base/shape.h"
#include "data/augment.h"
#include "data/image.h"
#include "data/sound_features.h"

namespace pare {

enum class Split { Calibration, Train, Validation, Test };
template <>
struct EnumNames<Split> {
  static constexpr std::array<std::string_view, 4> names{"calibration", "train", "validation", "test"};
};
inline constexpr std::array<Split, 4> kAllSplits{Split::Calibration, Split::Train, Split::Validation, Split::Test};

enum class SourceKind {
  Npz,       // arrays by name
  Npy,       // one array
  Idx,       // the format of MNIST, labels in a second file
  Cifar10,   // records of one label byte and 3 x 32 x 32 pixels
  Cifar100,  // the same with two label bytes, the second (fine) one counts
  Raw,       // one file of records without any header, or of overlapping windows
  RawFiles,  // a folder or archive with one headerless file a sample, and a csv of labels
  Images,    // a folder or archive of JPEG and PNG, labelled by folder or by a csv
  Sounds,    // the same of WAV and FLAC
  Csv,       // a row a sample
};
template <>
struct EnumNames<SourceKind> {
  static constexpr std::array<std::string_view, 10> names{"npz", "npy",       "idx",    "cifar10", "cifar100",
                                                          "raw", "raw_files", "images", "sounds",  "csv"};
};

struct SourceDescription {
  SourceKind kind = SourceKind::Npz;
  bool kind_stated = false;  // in a description; else the name of `path` tells the kind
  std::string path;
  std::string labels;                // a second file: idx or npy of labels; csv inside or beside a folder or archive
  std::vector<std::string> x{"x"};   // npz: one array for each input of the network, whose name it bears
  std::string y = "y";               // npz: labels or target values
  DType dtype = DType::UInt8;        // raw, raw_files
  std::vector<int64_t> shape;        // raw, raw_files: a sample as stored
  bool channels_first = false;       // the stored sample is [channels, height, width]
  int64_t step = 0;                  // raw: elements from the start of one sample to the next; 0: a whole sample
  ColorMode color = ColorMode::Rgb;  // images
  bool header = false;               // csv: the first line names the columns
  std::vector<std::string> columns;  // csv: the features by name or number; empty: all but the label
  std::string file_column = "0";     // csv of labels
  std::string label_column;          // csv; empty: the last

  bool operator==(const SourceDescription&) const = default;
};

// Applied in this order, from the stored sample to what the network sees.
struct Preprocessing {
  SoundSteps sound;
  std::vector<int64_t> resize;  // [height, width]
  int64_t resize_short = 0;     // or: the shorter side becomes this long, the ratio is kept
  ResizeFilter filter = ResizeFilter::Bilinear;
  std::vector<int64_t> crop;  // [height, width] of the middle
  bool mirror = false;
  float zero_point = 0, scale = 1, offset = 0;  // (x - zero_point) * scale + offset
  std::vector<float> mean, deviation;           // (x - mean) / deviation: one, or one a channel (the last dimension)
  std::vector<int64_t> shape;                   // as the network sees it; empty: as it came out so far
  bool keep_type = false;  // integers stay integers (tokens, quantised inputs); else everything becomes float32
};

enum class TargetKind {
  Class,  // an integer below the number of classes
  Value,  // numbers
  Input,  // the sample itself: reconstruction
  None,
};
template <>
struct EnumNames<TargetKind> {
  static constexpr std::array<std::string_view, 4> names{"class", "value", "input", "none"};
};

struct TargetDescription {
  std::optional<TargetKind> kind;  // nothing: what the source gives
  int64_t classes = 0;             // 0: one more than the largest label
  std::vector<std::string> names;
  int64_t offset = 0;  // outputs in front of the first class: 1 for networks with a background class
};

struct SplitDescription {
  Split split = Split::Test;
  std::optional<SourceDescription> source;           // its own files
  std::optional<std::pair<int64_t, int64_t>> range;  // samples [first, second)
  std::optional<double> fraction;  // of the common source, drawn with the seed; fractions do not overlap
  std::vector<int64_t> samples;    // by number
  bool mirror = false;             // exchanges left and right, for calibration on copies of the test images
  bool overlap = false;            // may share samples with other splits; without it that is an error
};

struct Description {
  std::string name;
  std::optional<SourceDescription> source;
  Preprocessing preprocessing;
  Augmentation augmentation;  // for training alone
  TargetDescription target;
  uint64_t seed = 1;
  std::vector<SplitDescription> splits;  // empty: the data set is undivided
};

// Parses the text of a description; relative paths are taken from `folder`. Unknown keys are errors.
Expected<Description> parse_description(std::string_view text, const std::filesystem::path& folder);
Expected<Description> read_description(const std::filesystem::path& path);

// The text form; paths below `folder` become relative to it.
std::string to_toml(const Description& description, const std::filesystem::path& folder);
Expected<void> write_description(const Description& description, const std::filesystem::path& path);  // a .toml

// What the name alone tells: a folder is one of images, or of sounds where it holds sounds and no image; the endings .npz, .npy, .csv
// and idx files, also packed. Nothing for others.
std::optional<SourceKind> kind_by_name(const std::filesystem::path& path);

// The description that a bare file or folder stands for: an .npz, .npy, .csv, idx or CIFAR file or a folder of images or sounds.
Expected<Description> guess_description(const std::filesystem::path& path);

}  // namespace pare
