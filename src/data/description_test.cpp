#include "data/description.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kWhole = R"(
name = "all keys"
[source]
kind = "raw_files"
path = "samples.tar.xz"
labels = "y_labels.csv"
dtype = "i8"
shape = [49, 10, 1]
label_column = 2
[preprocess]
zero_point = 83
scale = 0.5
mean = [0.25]
shape = [490]
[augment]
flip = 0.5
pad_crop = 4
shift = 0.1
rotation = 15
zoom = 0.2
brightness = 0.3
contrast = 0.4
saturation = 0.6
cutout = 8
time_shift = 0.7
gain = 0.8
noise = 0.01
mixup = 0.9
fill = -1
[target]
names = ["no", "yes \"1\""]
[splits]
seed = 5
[splits.train]
fraction = 0.5
[splits.validation]
fraction = 0.25
[splits.test]
path = "/other.tar"
samples = [1, 2]
overlap = true
)";

TEST(Description, ReadsEveryPart) {
  const auto description = parse_description(kWhole, "/data");
  ASSERT_TRUE(description) << description.error().to_string();
  EXPECT_EQ(description->source->kind, SourceKind::RawFiles);
  EXPECT_EQ(description->source->path, "/data/samples.tar.xz");
  EXPECT_EQ(description->source->labels, "y_labels.csv") << "it may lie inside the archive";
  EXPECT_EQ(description->source->dtype, DType::Int8);
  EXPECT_EQ(description->source->label_column, "2");
  EXPECT_EQ(description->preprocessing.scale, 0.5f);
  EXPECT_THAT(description->preprocessing.shape, ElementsAre(490));
  const Augmentation& steps = description->augmentation;
  EXPECT_EQ(steps.flip, 0.5f);
  EXPECT_EQ(steps.cutout, 8);
  EXPECT_EQ(steps.mixup, 0.9f);
  EXPECT_EQ(steps.fill, -1.0f);
  EXPECT_EQ(description->target.classes, 2);
  EXPECT_EQ(description->seed, 5u);
  ASSERT_EQ(description->splits.size(), 3u);
  EXPECT_EQ(description->splits[2].source->path, "/other.tar");
  EXPECT_EQ(description->splits[2].source->dtype, DType::Int8) << "what a split does not override is that of [source]";
}

TEST(Description, TextFormReadsBack) {
  const auto description = parse_description(kWhole, "/data");
  ASSERT_TRUE(description);
  const std::string text = to_toml(*description, "/data");
  const auto again = parse_description(text, "/data");
  ASSERT_TRUE(again) << again.error().to_string() << text;
  EXPECT_EQ(to_toml(*again, "/data"), text);
  EXPECT_EQ(again->source->path, description->source->path);
  EXPECT_TRUE(again->augmentation == description->augmentation) << text;
  EXPECT_EQ(again->target.names, description->target.names);
  EXPECT_EQ(again->splits[1].fraction, 0.25);
}

TEST(Description, ASplitOverridesAnyKeyOfTheSource) {
  const auto description =
      parse_description("[source]\nkind = \"raw\"\npath = \"a.bin\"\n[splits.test]\nstep = 12\n", "/");
  ASSERT_TRUE(description) << description.error().to_string();
  ASSERT_TRUE(description->splits[0].source);
  EXPECT_EQ(description->splits[0].source->path, "/a.bin");
  EXPECT_EQ(description->splits[0].source->step, 12);
}

TEST(Description, EnvironmentInPaths) {
  ::setenv("PARE_TEST_FOLDER", "/there", 1);
  const auto path = [](std::string_view text) {
    const auto description = parse_description(fmt::format("[source]\npath = \"{}\"", text), "/here");
    return description ? description->source->path : description.error().message;
  };
  EXPECT_EQ(path("${PARE_TEST_FOLDER}/x.npz"), "/there/x.npz");
  EXPECT_EQ(path("${PARE_TEST_UNSET:-../up}/x.npz"), "/up/x.npz");
  EXPECT_THAT(path("${PARE_TEST_UNSET}/x.npz"), HasSubstr("PARE_TEST_UNSET, which is not set"));
  EXPECT_THAT(path("${PARE_TEST_UNSET"), HasSubstr("without a }"));
  EXPECT_THAT(path("${PARE_TEST_UNSET:-a${PARE_TEST_UNSET:-b}}"), HasSubstr("cannot be nested"));
}

TEST(Description, TheNameTellsTheKindWhereItIsNotStated) {
  const auto kind = [](std::string_view text) { return parse_description(text, "/")->source->kind; };
  EXPECT_EQ(kind("[source]\npath = 'x.npz'"), SourceKind::Npz);
  EXPECT_EQ(kind("[source]\npath = 'x.npy'"), SourceKind::Npy);
  EXPECT_EQ(kind("[source]\npath = 'x.csv.gz'"), SourceKind::Csv);
  EXPECT_EQ(kind("[source]\npath = 't10k-images-idx3-ubyte.xz'"), SourceKind::Idx);
  EXPECT_EQ(kind("[source]\npath = 'tmp'"), SourceKind::Images) << "a folder";
  EXPECT_EQ(kind("[source]\npath = 'x.npz'\nkind = 'raw'\nshape = [1]"), SourceKind::Raw);
  const auto split = parse_description("[source]\nkind = 'raw'\nshape = [1]\n[splits.test]\npath = 'x.npz'", "/");
  ASSERT_TRUE(split) << split.error().to_string();
  EXPECT_EQ(split->splits[0].source->kind, SourceKind::Raw) << "as stated in [source]";
}

TEST(DescriptionErrors, RejectsWhatIsWrongByName) {
  const auto message = [](std::string_view text) {
    const auto description = parse_description(text, "/");
    return description ? std::string("no error") : description.error().message;
  };
  EXPECT_THAT(message("[source"), HasSubstr("line 1"));
  EXPECT_THAT(message("nmae = 1"), HasSubstr("unknown key 'nmae' in the description; known are: name, source"));
  EXPECT_THAT(message("[source]\npath = 1.5"), HasSubstr("'path' in [source] must be a text"));
  EXPECT_THAT(message("[source]\npath = 'x.bin'"),
              HasSubstr("the name '/x.bin' does not tell what it is; say it by 'kind', one of: npz, npy"));
  EXPECT_THAT(message("[source]\nkind = \"jpeg\""), HasSubstr("must be one of: npz, npy, idx"));
  EXPECT_THAT(message("[source]\ndtype = \"i4\""), HasSubstr("must be an element type"));
  EXPECT_THAT(message("[source]\nshape = [0]"), HasSubstr("positive sizes"));
  EXPECT_THAT(message("[source]\nstep = -1"), HasSubstr("must not be negative"));
  EXPECT_THAT(message("[source]\nkind = \"npz\""), HasSubstr("names no samples"));
  EXPECT_THAT(message("[splits.test]\nstep = 1"), HasSubstr("[splits.test] has no 'path', and there is no [source]"));
  EXPECT_THAT(message("source = 3"), HasSubstr("'source' in the description must be a table"));
  const std::string good = "[source]\npath = \"x.npz\"\n";
  EXPECT_THAT(message(good + "[preprocess]\ncrop = [3]"), HasSubstr("'crop' must be 2 positive sizes"));
  EXPECT_THAT(message(good + "[preprocess]\nresize = [99999999, 1]"), HasSubstr("at most 16384 pixels"));
  EXPECT_THAT(message(good + "[preprocess]\nstd = 0"), HasSubstr("must not be 0"));
  EXPECT_THAT(message(good + "[preprocess]\nscale = inf"), HasSubstr("must be a number"));
  EXPECT_THAT(message(good + "[preprocess]\nscale = 1e300"), HasSubstr("must be a number of 32 bits"));
  EXPECT_THAT(message(good + "[preprocess]\nkeep_type = true\nscale = 2"), HasSubstr("'keep_type' leaves the values"));
  EXPECT_THAT(message(good + "[preprocess]\nmirror = 1"), HasSubstr("true or false"));
  EXPECT_THAT(message(good + "[augment]\nflips = 1"),
              HasSubstr("unknown key 'flips' in [augment]; known are: flip, shift"));
  EXPECT_THAT(message(good + "[augment]\nflip = 'left'"), HasSubstr("'flip' in [augment] must be a number"));
  EXPECT_THAT(message(good + "[augment]\nflip = -1"), HasSubstr("'flip' in [augment] is -1; it must not be negative"));
  EXPECT_THAT(message(good + "[augment]\nzoom = 1"), HasSubstr("'zoom' in [augment] is 1; at most 0.9 was expected"));
  EXPECT_THAT(message(good + "[augment]\ncutout = -1"), HasSubstr("'cutout' in [augment] is -1; 0 to 16384 pixels"));
  EXPECT_THAT(message(good + "[augment]\nfill = 'edge'"), HasSubstr("'fill' in [augment] must be a number"));
  EXPECT_THAT(message(good + "[target]\nclasses = -1"), HasSubstr("must not be negative or above"));
  EXPECT_THAT(message(good + "[target]\nclasses = 'two'"), HasSubstr("'classes' in [target] must be an integer"));
  EXPECT_THAT(message(good + "[target]\nclasses = 3\nnames = [\"a\"]"), HasSubstr("1 names for 3 classes"));
  EXPECT_THAT(message(good + "[splits.test]\nfraction = 0.5\nrange = [0, 1]"), HasSubstr("more than one of"));
  EXPECT_THAT(message(good + "[splits.test]\nfraction = 1.5"), HasSubstr("above 0 and at most 1"));
  EXPECT_THAT(message(good + "[splits.test]\nfraction = 0.5\npath = \"y.npz\""), HasSubstr("files of its own"));
  EXPECT_THAT(message(good + "[splits.test]\nfraction = 0.6\n[splits.train]\nfraction = 0.6"),
              HasSubstr("add up to 1.2"));
  EXPECT_THAT(message(good + "[splits.test]\nrange = [1]"), HasSubstr("[first, one past the last]"));
  EXPECT_THAT(message(good + "[splits.tset]"), HasSubstr("unknown key 'tset' in [splits]"));
  EXPECT_THAT(message("[splits.test]\nrange = [0, 1]"), HasSubstr("[splits.test] has no 'path'"));
}

}  // namespace
}  // namespace pare
