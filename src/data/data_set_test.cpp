#include "data/data_set.h"

#include <gmock/gmock.h>

#include <limits>

#include "data/archive.h"
#include "data/describe.h"
#include "data/make_strokes.h"
#include "data/npy.h"
#include "data/test_images.h"
#include "testing/temporary_folder.h"

namespace pare {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class DataSets : public testing::TemporaryFolder {
 protected:
  // Ten samples of two numbers, i and -i, with the labels 0, 1, 0, 1...
  std::string ten() const {
    Tensor x(DType::Float32, {10, 2}), y(DType::Int64, {10});
    for (int i = 0; i < 10; ++i) {
      x.mutable_values<float>()[static_cast<size_t>(2 * i)] = static_cast<float>(i);
      x.mutable_values<float>()[static_cast<size_t>(2 * i + 1)] = static_cast<float>(-i);
      y.mutable_values<int64_t>()[static_cast<size_t>(i)] = i % 2;
    }
    EXPECT_TRUE(write_arrays(folder_ / "ten.npz", std::vector<NamedTensor>{{"x", x}, {"y", y}}));
    return (folder_ / "ten.npz").string();
  }
  Expected<DataSet> described(std::string_view description) const {
    return DataSet::open(put("set.toml", description));
  }
  std::string error_of(std::string_view description) const {
    const auto set = described(description);
    if (!set) return set.error().to_string();
    const auto view = set->split(Split::Test);
    return view ? "no error" : view.error().to_string();
  }
  // All values of the first input.
  static std::vector<float> values(const DataView& view) {
    const auto batch = view.source().read(0, view.count());
    EXPECT_TRUE(batch) << batch.error().to_string();
    return batch ? to_floats(batch->front()) : std::vector<float>{};
  }
  static std::string read_error(const DataSet& set) {
    const DataView view = *set.split(Split::Test);
    const auto batch = view.source().read(0, view.count());
    return batch ? "no error" : batch.error().to_string();
  }
};

TEST_F(DataSets, BareNpzIsReadyForTheNetworkAndUndivided) {
  const auto set = DataSet::open(ten());
  ASSERT_TRUE(set) << set.error().to_string();
  EXPECT_FALSE(set->divided());
  EXPECT_EQ(set->target(), TargetKind::Class);
  EXPECT_EQ(set->classes(), 2);
  const DataView view = *set->split(Split::Calibration);
  EXPECT_EQ(view.count(), 10);
  EXPECT_THAT(values(view.first(2)), ElementsAre(0, 0, 1, -1));
  EXPECT_THAT(view.first(3).labels(), ElementsAre(0, 1, 0));
}

TEST_F(DataSets, SeveralInputsKeepTheirNamesAndTypes) {
  const std::vector<NamedTensor> arrays{{"tokens", Tensor::of<int32_t>({2, 3}, {1, 2, 3, 4, 5, 6})},
                                        {"weights", Tensor::of<double>({2, 1}, {0.5, 1.5})},
                                        {"y", Tensor::of<float>({2, 1}, {0.25f, 0.5f})}};
  ASSERT_TRUE(write_arrays(folder_ / "two.npz", arrays));
  const auto set = DataSet::open(folder_ / "two.npz");
  ASSERT_TRUE(set) << set.error().to_string();
  const DataView view = *set->split(Split::Test);
  EXPECT_THAT(view.inputs(), ElementsAre("tokens", "weights"));
  const auto batch = view.source().read(1, 1);
  ASSERT_TRUE(batch);
  EXPECT_THAT((*batch)[0].values<int32_t>(), ElementsAre(4, 5, 6));
  EXPECT_THAT((*batch)[1].values<float>(), ElementsAre(1.5f));
  EXPECT_EQ(view.target(), TargetKind::Value);
  EXPECT_THAT(view.values().values<float>(), ElementsAre(0.25f, 0.5f));
}

TEST_F(DataSets, SplitsByRangeListAndFraction) {
  ten();
  const auto set =
      described("[source]\npath = 'ten.npz'\n[splits.calibration]\nrange = [0, 2]\n[splits.test]\nsamples = [9, 5]");
  ASSERT_TRUE(set) << set.error().to_string();
  EXPECT_THAT(values(*set->split(Split::Calibration)), ElementsAre(0, 0, 1, -1));
  EXPECT_THAT(values(*set->split(Split::Test)), ElementsAre(9, -9, 5, -5));
  EXPECT_THAT(set->split(Split::Train).error().message, HasSubstr("has no split 'train'; it has: calibration, test"));

  const std::string fractions =
      "[source]\npath = 'ten.npz'\n[splits]\nseed = 3\n[splits.train]\nfraction = 0.7\n[splits.test]\nfraction = 0.3";
  const auto drawn = described(fractions), again = described(fractions);
  ASSERT_TRUE(drawn) << drawn.error().to_string();
  EXPECT_EQ(drawn->split(Split::Train)->count(), 7);
  EXPECT_EQ(drawn->split(Split::Test)->count(), 3);
  EXPECT_EQ(values(*drawn->split(Split::Test)), values(*again->split(Split::Test)));
}

TEST_F(DataSets, RejectsSplitsThatShareSamplesUnlessTheySaySo) {
  ten();
  const std::string both =
      "[source]\npath = 'ten.npz'\n[splits.calibration]\nrange = [0, 4]\n[splits.test]\nrange = [2, 10]\n";
  EXPECT_THAT(error_of(both),
              HasSubstr("the splits 'test' and 'calibration' share 2 samples; keep them apart, or say overlap = true"));
  EXPECT_EQ(error_of(both + "overlap = true"), "no error");
  // The same file under another name is still the same file.
  EXPECT_THAT(error_of("[splits.train]\npath = 'ten.npz'\n[splits.test]\npath = './sub/../ten.npz'"),
              HasSubstr("share 10 samples"));
}

TEST_F(DataSets, PreprocessingInItsOrder) {
  put("pixels.bin", std::string_view("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 12));
  const auto set = described(
      "[source]\nkind = 'raw'\npath = 'pixels.bin'\nshape = [3, 2, 2]\nchannels_first = true\n"
      "[preprocess]\ncrop = [1, 2]\nmirror = true\nzero_point = 1\nscale = 2\noffset = 1\nmean = [1, 1, 3]\nstd = 2\nshape = [6]");
  ASSERT_TRUE(set) << set.error().to_string();
  // Pixels of the upper row, mirrored: (2, 6, 10), (1, 5, 9).
  EXPECT_THAT(values(*set->split(Split::Test)), ElementsAre(1, 5, 8, 0, 4, 7));
}

TEST_F(DataSets, RawWindowsOverlap) {
  const std::vector<float> recording{0, 1, 2, 3, 4, 5};
  put("recording.bin", std::as_bytes(std::span(recording)));
  const auto set = described(
      "[source]\nkind = 'raw'\npath = 'recording.bin'\ndtype = 'f32'\nshape = [4]\nstep = 2\n[target]\nkind = 'input'");
  ASSERT_TRUE(set) << set.error().to_string();
  EXPECT_THAT(values(*set->split(Split::Test)), ElementsAre(0, 1, 2, 3, 2, 3, 4, 5));
  EXPECT_EQ(set->target(), TargetKind::Input);
}

// A zip archive of one entry as NumPy writes it: sizes in the local header, no compression.
std::string stored_zip(std::string_view name, std::string_view content) {
  std::string zip;
  const auto number = [&](size_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) zip += static_cast<char>(value >> (8 * i) & 0xFF);
  };
  zip += "PK\x03\x04";
  number(20, 2);  // version, flags, method, time, date, checksum
  for (const int bytes : {2, 2, 2, 2, 4}) number(0, bytes);
  number(content.size(), 4);
  number(content.size(), 4);
  number(name.size(), 2);
  number(0, 2);
  return zip.append(name).append(content).append("PK\x05\x06").append(18, '\0');
}

TEST_F(DataSets, StoredEntriesOfAnArchiveAreReadWhereTheyLie) {
  const std::string content(3000, 'c'), zip = stored_zip("b.npy", content);
  const auto entries = stored_entries(put("stored.zip", zip));
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->front().name, "b.npy");
  EXPECT_EQ(zip.substr(entries->front().offset, entries->front().size), content);
  EXPECT_FALSE(stored_entries(put("text.zip", "no archive")));
}

TEST_F(DataSets, ArraysOfTheSameNameOrNoneAreTakenOneByOne) {
  const auto npy = [](float value) { return *write_npy(Tensor::of<float>({1, 1}, {value})); };
  const std::vector<ArchiveEntry> entries{{"a.npy", npy(1)}, {".npy", npy(2)}, {"a.npy", npy(3)}};
  const auto set = DataSet::open(put("odd.npz", text_of(*pack_zip(entries))));
  ASSERT_TRUE(set) << set.error().to_string();
  const auto batch = set->split(Split::Test)->source().read(0, 1);
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(to_floats((*batch)[i]).front(), static_cast<float>(i + 1));
}

TEST_F(DataSets, AStoredArchiveThatWasCutShortIsDamaged) {
  const std::string npy(text_of(*write_npy(Tensor(DType::Float32, {100, 2}))));
  const std::string zip = stored_zip("x.npy", npy);
  EXPECT_TRUE(DataSet::open(put("whole.npz", zip)));
  EXPECT_THAT(DataSet::open(put("cut.npz", std::string_view(zip).substr(0, 400))).error().to_string(),
              HasSubstr("cut.npz"));
}

TEST_F(DataSets, FilesOfAnArchiveWithACsvOfLabels) {
  const auto entry = [](std::string name, std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
    return ArchiveEntry{std::move(name), {bytes.begin(), bytes.end()}};
  };
  const std::vector<ArchiveEntry> entries{entry("set/a.bin", "\x01\x02"), entry("set/b.bin", "\xff\x03"),
                                          entry("set/y_labels.csv", "b.bin,2,1\na.bin,2,0\n")};
  put("set.zip", text_of(*pack_zip(entries)));
  const std::string source = "[source]\nkind = 'raw_files'\npath = 'set.zip'\ndtype = 'i8'\nshape = [2]\n";
  const auto set = described(source + "labels = 'y_labels.csv'\nlabel_column = 2");
  ASSERT_TRUE(set) << set.error().to_string();
  const DataView view = *set->split(Split::Test);
  EXPECT_THAT(values(view), ElementsAre(-1, 3, 1, 2));
  EXPECT_THAT(view.labels(), ElementsAre(1, 0));
  const auto wrong = described(source + "labels = 'y_labels.csv'\n[preprocess]\nshape = [3]");
  ASSERT_TRUE(wrong);
  EXPECT_THAT(read_error(*wrong), HasSubstr("set/b.bin: the sample has the shape [2], which cannot become [3]"));
}

TEST_F(DataSets, TablesOfNumbersWithNamesOfClasses) {
  put("iris.csv", "5.1, 3.5, setosa\n4.9, 3.0, virginica\n5.0, 2.5, setosa\n");
  const auto set = DataSet::open(folder_ / "iris.csv");
  ASSERT_TRUE(set) << set.error().to_string();
  EXPECT_THAT(set->class_names(), ElementsAre("setosa", "virginica"));
  EXPECT_THAT(set->split(Split::Test)->labels(), ElementsAre(0, 1, 0));
  EXPECT_THAT(values(*set->split(Split::Test)), ElementsAre(5.1f, 3.5f, 4.9f, 3.0f, 5.0f, 2.5f));
  put("adult.csv", "age,work,label\n39,State,1\n50,Private,0\n");
  EXPECT_THAT(DataSet::open(folder_ / "adult.csv").error().to_string(),
              HasSubstr("column 'work' holds 'State' in row 0"));
  const auto chosen = described("[source]\nkind = 'csv'\npath = 'adult.csv'\nheader = true\ncolumns = ['age']");
  ASSERT_TRUE(chosen) << chosen.error().to_string();
  EXPECT_THAT(values(*chosen->split(Split::Test)), ElementsAre(39, 50));
}

TEST_F(DataSets, ExportReadsBackAndSummaryCounts) {
  ten();
  const auto set = described("[source]\npath = 'ten.npz'\n[preprocess]\nscale = 2\n[splits.test]\nrange = [4, 9]");
  ASSERT_TRUE(set);
  ASSERT_TRUE(export_arrays(*set->split(Split::Test), folder_ / "out.npz", 2));
  const auto again = DataSet::open(folder_ / "out.npz");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(values(*again->split(Split::Test)), values(*set->split(Split::Test)));
  EXPECT_EQ(again->split(Split::Test)->labels(), set->split(Split::Test)->labels());
  const auto summary = summarize(*set, 2);
  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->size(), 1u);
  EXPECT_THAT(summary->front().per_class, ElementsAre(3, 2));
  EXPECT_EQ(summary->front().inputs[0].highest, 16);
  EXPECT_EQ(summary->front().inputs[0].lowest, -16);
  EXPECT_EQ(summary->front().inputs[0].mean, 0);
}

TEST_F(DataSets, DivideWritesADescriptionThatKeepsSplitsApart) {
  const auto set = DataSet::open(ten());
  const auto divided = divide(*set, {{Split::Train, 0.6}, {Split::Test, 0.4}}, 9);
  ASSERT_TRUE(divided) << divided.error().to_string();
  ASSERT_TRUE(write_description(*divided, folder_ / "divided.toml"));
  EXPECT_THAT(write_description(*divided, folder_ / "divided.txt").error().message,
              HasSubstr("has the ending '.txt'; a description is written as .toml"));
  const auto again = DataSet::open(folder_ / "divided.toml");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->split(Split::Train)->count(), 6);
  EXPECT_THAT(divide(*again, {{Split::Test, 1}}, 1).error().message,
              HasSubstr("is divided already, into train, test; give what it was made from"));
  EXPECT_THAT(divide(*set, {{Split::Test, 0.0}}, 1).error().message, HasSubstr("above 0"));
  EXPECT_THAT(divide(*set, {}, 1).error().message, HasSubstr("add up to 0"));
}

TEST_F(DataSets, MadeStrokesOpenWithTheirSplits) {
  ASSERT_TRUE(make_strokes(folder_ / "strokes.npz", {.train = 200, .test = 100}));
  const auto set = DataSet::open(folder_ / "strokes.toml");
  ASSERT_TRUE(set) << set.error().to_string();
  EXPECT_EQ(set->split(Split::Calibration)->count(), 20);
  EXPECT_EQ(set->split(Split::Train)->count(), 180);
  EXPECT_EQ(set->split(Split::Test)->count(), 100);
  EXPECT_EQ(set->classes(), 10);
  const auto batch = set->split(Split::Test)->source().read(0, 3);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->front().shape(), (Shape{3, 28, 28, 1}));
  EXPECT_THAT(to_floats(batch->front()), Contains(::testing::Gt(0.5f)));
}

TEST_F(DataSets, RejectsBadSamplesByName) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ASSERT_TRUE(
      write_arrays(folder_ / "nan.npy", std::vector<NamedTensor>{{"", Tensor::of<float>({2, 2}, {1, 2, 3, nan})}}));
  EXPECT_THAT(read_error(*DataSet::open(folder_ / "nan.npy")),
              HasSubstr("sample 1: the sample holds nan at element 1"));
  ten();
  const auto cut = described("[source]\npath = 'ten.npz'\n[preprocess]\ncrop = [1, 1]");
  ASSERT_TRUE(cut);
  EXPECT_THAT(read_error(*cut), HasSubstr("need [height, width, channels], the sample has the shape [2]"));
  const auto channels = described("[source]\npath = 'ten.npz'\n[preprocess]\nmean = [1, 2, 3]");
  EXPECT_THAT(read_error(*channels), HasSubstr("has 3 numbers, the samples [2] have 2 channels"));
  put("images/cat/a.png", "no image");
  const auto images = DataSet::open(folder_ / "images");
  ASSERT_TRUE(images) << images.error().to_string();
  EXPECT_THAT(images->class_names(), ElementsAre("cat"));
  EXPECT_THAT(read_error(*images), HasSubstr("images/cat/a.png: neither a JPEG nor a PNG image"));
}

TEST_F(DataSets, RejectsSourcesThatDoNotFit) {
  ten();
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_THAT(DataSet::open(folder_ / "empty").error().to_string(),
              HasSubstr("there are 0 files in it, none is a JPEG or PNG"));
  EXPECT_THAT(DataSet::open(folder_ / "absent.npz").error().to_string(), HasSubstr("does not exist"));
  EXPECT_THAT(DataSet::open(put("a.txt", "text")).error().to_string(),
              HasSubstr("no data set that can be read as it is"));
  EXPECT_THAT(DataSet::open(put("a.bin", "text")).error().to_string(), HasSubstr("no multiple of the 3073"));
  EXPECT_THAT(DataSet::open(put("a-idx3-ubyte", "text")).error().to_string(),
              HasSubstr("not an idx file: it begins with 74 65 78 74"));
  EXPECT_THAT(DataSet::open(put("b-idx3-ubyte", std::string_view("\0\0\x08\x01\0\0\0\x05zz", 10))).error().to_string(),
              HasSubstr("claims u8[5], 2 bytes follow"));
  EXPECT_THAT(
      DataSet::open(put("c-idx3-ubyte", std::string_view("\0\0\x08\x02\x7f\0\0\0\0\0\0\0", 12))).error().to_string(),
      HasSubstr("no elements"));
  ASSERT_TRUE(write_arrays(folder_ / "none.npy", std::vector<NamedTensor>{{"", Tensor(DType::Float32, {5, 0})}}));
  EXPECT_THAT(DataSet::open(folder_ / "none.npy").error().to_string(), HasSubstr("shape [5, 0] and so no elements"));
  EXPECT_THAT(DataSet::open(put("empty.csv", "")).error().to_string(), HasSubstr("is empty"));
  EXPECT_THAT(error_of("[source]\npath = 'ten.npz'\nx = 'image'"), HasSubstr("no array 'image'; the file has: x, y"));
  EXPECT_THAT(error_of("[source]\npath = 'ten.npz'\ny = 'none'\n[target]\nkind = 'class'"), HasSubstr("has no labels"));
  EXPECT_THAT(error_of("[source]\npath = 'ten.npz'\n[target]\nkind = 'value'"), HasSubstr("has no target values"));
  EXPECT_THAT(error_of("[source]\npath = 'ten.npz'\n[target]\nclasses = 1"),
              HasSubstr("sample 1 has the label 1; the 1 classes are numbered 0 to 0"));
  EXPECT_THAT(error_of("[source]\npath = 'ten.npz'\n[splits.test]\nrange = [5, 11]"),
              HasSubstr("does not lie within the 10 samples"));
  EXPECT_THAT(error_of("[source]\npath = 'ten.npz'\n[splits.test]\nsamples = [10]"),
              HasSubstr("sample 10 is asked for, there are 10"));
  EXPECT_THAT(error_of("[source]\npath = 'ten.npz'\n[splits.test]\nfraction = 0.01"),
              HasSubstr("the fraction 0.01 of 10 samples has none"));
  EXPECT_THAT(error_of("[source]\nkind = 'raw'\npath = 'ten.npz'"), HasSubstr("need their 'shape'"));
  EXPECT_THAT(error_of("[source]\nkind = 'raw'\npath = 'ten.npz'\nshape = [7]"),
              HasSubstr("no whole number of samples"));
  EXPECT_THAT(error_of("[source]\nkind = 'raw'\npath = 'ten.npz'\nshape = [70000]"),
              HasSubstr("fewer than one sample"));
  ASSERT_TRUE(write_arrays(folder_ / "odd.npz", std::vector<NamedTensor>{{"x", Tensor(DType::Float32, {3, 1})},
                                                                         {"y", Tensor(DType::Int32, {2})}}));
  EXPECT_THAT(DataSet::open(folder_ / "odd.npz").error().to_string(), HasSubstr("3 samples and 2 labels"));
  put("labels.csv", "a.bin,0\n");
  EXPECT_THAT(error_of("[source]\nkind = 'raw_files'\npath = 'empty'\nshape = [1]\nlabels = './labels.csv'"),
              HasSubstr("lists the file 'a.bin', which is not there"));
}

TEST_F(DataSets, RejectsArraysThatAreNoSamples) {
  const auto error = [&](const std::vector<NamedTensor>& arrays) {
    EXPECT_TRUE(write_arrays(folder_ / "set.npz", arrays));
    const auto set = DataSet::open(folder_ / "set.npz");
    return set ? "no error" : set.error().to_string();
  };
  const Tensor three(DType::Float32, {3, 1});
  EXPECT_THAT(error({}), HasSubstr("there are no arrays in it"));
  EXPECT_THAT(error({{"x", Tensor::scalar(1.f)}}), HasSubstr("array 'x': the array is a single number"));
  EXPECT_THAT(error({{"a", three}, {"b", Tensor(DType::Float32, {2, 1})}}),
              HasSubstr("array 'b' has 2 samples, those before have 3"));
  EXPECT_THAT(error({{"x", three}, {"y", Tensor::scalar<int64_t>(1)}}),
              HasSubstr("the targets are a single number; one for each sample was expected"));
  EXPECT_THAT(error({{"x", three}, {"y", Tensor(DType::Int64, {3, 2})}}),
              HasSubstr("the labels have the shape [3, 2]; one integer for each sample was expected"));
  EXPECT_TRUE(write_arrays(folder_ / "x.npy", std::vector<NamedTensor>{{"", three}}));
  EXPECT_TRUE(write_arrays(folder_ / "none.npz", std::vector<NamedTensor>{}));
  EXPECT_THAT(error_of("[source]\nkind = 'npy'\npath = 'x.npy'\nlabels = 'none.npz'"),
              HasSubstr("none.npz' holds no array of labels"));
}

// A file "file" and what a description of it is told.
TEST_F(DataSets, RejectsFilesThatAreNotWhatTheirDescriptionSays) {
  const struct {
    std::string_view content, source, message;
  } cases[] = {
      {"", "kind = 'idx'", "the idx file is empty"},
      {std::string_view("\0\0\x08\3\0", 5), "kind = 'idx'", "the idx file ends within its header"},
      {"four", "kind = 'cifar10'", "4 bytes are no multiple of the 3073 of a cifar10 record"},
      {"", "kind = 'cifar100'", "there are no samples in it"},
      {"", "kind = 'raw_files'", "raw samples need their 'shape' in [source]"},
      {"", "kind = 'csv'", "the table has no rows"},
      {"7\n8\n", "kind = 'csv'", "the table has no column beside the label '0'"},
      {"a,b\n1,2\n", "kind = 'csv'\nheader = true\ncolumns = ['a', 'b']",
       "column 'b' is the label and cannot be a feature too"},
      {"cat,1\ndog,2\n", "kind = 'csv'\nlabel_column = 0\n[target]\nnames = ['cat', 'cow']",
       "the label 'dog' is none of the classes: cat, cow"},
      {"not an archive", "kind = 'images'", "file: not a tar or zip archive, or a damaged one ("},
      {"not an array", "kind = 'npy'", "not a NumPy array"},
  };
  for (const auto& each : cases) {
    put("file", each.content);
    EXPECT_THAT(error_of(fmt::format("[source]\npath = 'file'\n{}", each.source)),
                HasSubstr(std::string(each.message)));
  }
  put("images", std::string_view("\0\0\x08\1\0\0\0\1z", 9));
  put("labels", std::string_view("\0\0\x08\2\0\0\0\1\0\0\0\1z", 13));
  EXPECT_THAT(error_of("[source]\nkind = 'idx'\npath = 'images'\nlabels = 'labels'"),
              HasSubstr("labels' holds u8[1, 1]; one byte for each sample was expected"));
  put("files/a.bin", "a");
  put("files/labels.csv", "");
  EXPECT_THAT(error_of("[source]\nkind = 'raw_files'\npath = 'files'\nshape = [1]\nlabels = 'labels.csv'"),
              HasSubstr("'labels.csv' lists no samples"));
}

TEST_F(DataSets, RejectsSamplesThatPreprocessingDoesNotFit) {
  put("line.bin", std::string(100, 'x'));
  const std::string line = "[source]\nkind = 'raw'\npath = 'line.bin'\nshape = ";
  EXPECT_THAT(read_error(*described(line + "[100]\nchannels_first = true")),
              HasSubstr("channels come first in samples of shape [channels, height, width], found [100]"));
  EXPECT_THAT(read_error(*described(line + "[1, 100, 1]\n[preprocess]\nresize_short = 16384")),
              HasSubstr("the image of 100 x 1 becomes 1638400 x 16384, more than 134217728 pixels"));
  const std::string file = "[source]\nkind = 'raw_files'\npath = 'files'\ndtype = 'i16'\nshape = [2]";
  put("files/a.bin", "abc");
  EXPECT_THAT(read_error(*described(file)), HasSubstr("a.bin: 3 bytes were found, 4 of i16[2] were expected"));
}

TEST_F(DataSets, RejectsSummariesOfUnequalSamples) {
  put("photos/b.png", testing::png_of_six_pixels());
  const auto error = [&] { return summarize(*DataSet::open(folder_ / "photos"), 2).error().to_string(); };
  put("photos/a00.png", testing::png_of_one_pixel());
  EXPECT_THAT(error(), HasSubstr("b.png: the sample has the shape [2, 3, 3], others have [1, 1, 3]; resize or cut"));
  for (int i = 1; i < 16; ++i) put(fmt::format("photos/a{:02}.png", i), testing::png_of_one_pixel());
  EXPECT_THAT(error(), HasSubstr("split 'all': 'x' has samples of shape [1, 1, 3] and of [2, 3, 3]; resize or cut"))
      << "where a batch read at once holds equal ones too";
}

}  // namespace
}  // namespace pare
