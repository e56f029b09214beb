#include "formats/keras/hdf5_file.h"

#include <gmock/gmock.h>

#include "formats/keras/test_files.h"

namespace pare {
namespace {

using keras::testing::bytes_of;
using keras::testing::Hdf5Writer;
using keras::testing::TemporaryFile;
using keras::testing::write_bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Hdf5File, ReadsNumbersOfAnyKindAsFloats) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    const std::vector<double> values{1, -2, 0.5, 3};
    for (const auto& [name, type] :
         {std::pair{"f32", H5T_IEEE_F32LE}, {"f64be", H5T_IEEE_F64BE}, {"i16", H5T_STD_I16LE}})
      writer.data(std::string("group/") + name, {2, 2}, type, H5T_NATIVE_DOUBLE, values.data());
  }
  const auto opened = Hdf5File::open(file.path());
  ASSERT_TRUE(opened) << opened.error().to_string();
  for (const char* name : {"group/f32", "group/f64be"}) {
    const auto tensor = opened->floats(name);
    ASSERT_TRUE(tensor) << tensor.error().to_string();
    EXPECT_EQ(tensor->shape(), (Shape{2, 2}));
    EXPECT_THAT(tensor->values<float>(), ElementsAre(1, -2, 0.5f, 3));
  }
  EXPECT_THAT(opened->floats("group/i16")->values<float>(), ElementsAre(1, -2, 0, 3));
  EXPECT_TRUE(opened->has("group"));
  EXPECT_FALSE(opened->has("group/none"));
  EXPECT_FALSE(opened->has("none/at/all"));
}

TEST(Hdf5File, WidensBfloat16) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    const hid_t type = H5Tcreate(H5T_OPAQUE, 2);
    const std::vector<uint16_t> codes{0x3f80, 0xc000};  // 1 and -2
    writer.data("weights", {2}, type, type, codes.data());
    H5Tclose(type);
  }
  const std::string bytes = bytes_of(file.path());
  const auto opened = Hdf5File::from_bytes(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_THAT(opened->floats("weights")->values<float>(), ElementsAre(1, -2));
}

TEST(Hdf5File, JoinsTextsInParts) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    writer.group("layer");
    writer.texts("layer", "names0", {"a", "bc"});
    writer.texts("layer", "names1", {"d"});
    writer.text("", "title", "a model");
  }
  const auto opened = Hdf5File::open(file.path());
  ASSERT_TRUE(opened);
  EXPECT_THAT(opened->texts("layer", "names")->value(), ElementsAre("a", "bc", "d"));
  EXPECT_EQ(opened->text("", "title")->value(), "a model");
  EXPECT_FALSE(opened->text("", "none")->has_value());
  EXPECT_FALSE(opened->texts("none", "names")->has_value());
}

TEST(Hdf5File, RejectsWhatIsNotHdf5) {
  const TemporaryFile file(".h5");
  write_bytes(file.path(), "this is text, not a model");
  const auto opened = Hdf5File::open(file.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::BadInput);
  EXPECT_THAT(opened.error().message, HasSubstr("not an HDF5 file"));
  EXPECT_FALSE(Hdf5File::from_bytes({}));
  EXPECT_EQ(Hdf5File::open("/none/at/all.h5").error().code, ErrorCode::Io);
}

TEST(Hdf5File, RejectsEveryTruncation) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    writer.floats("group/weights", {64}, std::vector<float>(64, 1.f));
    writer.text("", "title", std::string(300, 'x'));
  }
  const std::string whole = bytes_of(file.path());
  for (size_t size = 0; size < whole.size(); size += 97)
    EXPECT_FALSE(Hdf5File::from_bytes(std::as_bytes(std::span(whole.data(), size)))) << size;
}

TEST(Hdf5File, RejectsMoreElementsThanAreStored) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    writer.data("huge", {1 << 20, 1 << 20}, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, nullptr);  // nothing is ever written
  }
  const auto opened = Hdf5File::open(file.path());
  ASSERT_TRUE(opened);
  const auto tensor = opened->floats("huge");
  ASSERT_FALSE(tensor);
  EXPECT_THAT(tensor.error().message, HasSubstr("'huge' claims 4398046511104 bytes, the file holds 0"));
}

TEST(Hdf5File, RejectsManyDataSetsOfFewBytes) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t extent = 16 << 20;  // 64 MiB of zeros, some 64 KiB in the file
    H5Pset_chunk(properties, 1, &extent);
    H5Pset_deflate(properties, 9);
    const hid_t space = H5Screate_simple(1, &extent, nullptr),
                data = H5Dcreate2(writer.id(), "zeros", H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    const std::vector<float> zeros(extent);
    H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros.data());
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(properties);
  }
  const auto opened = Hdf5File::open(file.path());
  ASSERT_TRUE(opened);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(opened->floats("zeros"));
  const auto fifth = opened->floats("zeros");
  ASSERT_FALSE(fifth);
  EXPECT_THAT(fifth.error().message, HasSubstr("all data sets together for far more than the file holds"));
}

// The library copies as many bytes as the file claims for a text.
TEST(Hdf5File, SurvivesACrashOfTheLibrary) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t at = H5Acreate2(writer.id(), "title", type, space, H5P_DEFAULT, H5P_DEFAULT);
    const char* text = "a model";
    H5Awrite(at, type, &text);
    H5Aclose(at);
    H5Sclose(space);
    H5Tclose(type);
  }
  std::string bytes = bytes_of(file.path());
  const size_t heap = bytes.find("GCOL");  // where texts of variable length lie
  ASSERT_NE(heap, std::string::npos);
  bytes[heap + 16 + 8 + 6] = 0x20;  // the size of the first, behind the heap's header and its own number: 2^53
  const auto opened = Hdf5File::from_bytes(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(opened);
  const auto title = opened->text("", "title");
  ASSERT_FALSE(title);
  EXPECT_EQ(title.error().code, ErrorCode::BadInput);
  EXPECT_THAT(title.error().to_string(), HasSubstr("damaged"));
}

TEST(Hdf5File, SurvivesChangedBytes) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    writer.floats("group/weights", {2}, {1, 2});
    writer.texts("group", "names", {"a", "b"});
  }
  const std::string whole = bytes_of(file.path());
  size_t refused = 0, count = 0;
  for (size_t i = 3; i < std::min<size_t>(whole.size(), 2048); i += 16, ++count) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0xFF);
    const auto opened = Hdf5File::from_bytes(std::as_bytes(std::span(changed)));
    if (!opened || !opened->floats("group/weights") || !opened->texts("group", "names")) ++refused;
  }
  EXPECT_GT(refused, 0u);
  EXPECT_LT(refused, count) << "not every byte matters";
}

TEST(Hdf5File, RejectsDataOfTheWrongKind) {
  const TemporaryFile file(".h5");
  {
    const Hdf5Writer writer(file.path());
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, 3);
    writer.data("words", {2}, type, type,
                "one"
                "two");
    H5Tclose(type);
    writer.group("group");
    const int number = 1;
    const hid_t space = H5Screate(H5S_SCALAR),
                at = H5Acreate2(writer.id(), "number", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(at, H5T_NATIVE_INT, &number);
    H5Aclose(at);
    H5Sclose(space);
    writer.texts("", "two", {"a", "b"});
  }
  const auto opened = Hdf5File::open(file.path());
  ASSERT_TRUE(opened);
  EXPECT_THAT(opened->floats("words").error().message, HasSubstr("'words' does not hold numbers"));
  EXPECT_THAT(opened->floats("none").error().message, HasSubstr("there is no data set 'none'"));
  EXPECT_THAT(opened->floats("group").error().message, HasSubstr("'group' is not a data set"));
  EXPECT_THAT(opened->text("", "number").error().message, HasSubstr("'number' of '/' is not text"));
  EXPECT_THAT(opened->text("", "two").error().message, HasSubstr("holds 2 texts, one was expected"));
}

TEST(Hdf5File, DoesNotFollowLinksOutOfTheFile) {
  const TemporaryFile file(".h5"), other("_other.h5");
  {
    Hdf5Writer(other.path()).floats("secret", {1}, {1});
    const Hdf5Writer writer(file.path());
    H5Lcreate_external(other.path().c_str(), "/secret", writer.id(), "weights", H5P_DEFAULT, H5P_DEFAULT);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t extent = 1;
    H5Pset_external(properties, other.path().c_str(), 0, sizeof(float));
    const hid_t space = H5Screate_simple(1, &extent, nullptr);
    H5Dclose(H5Dcreate2(writer.id(), "outside", H5T_IEEE_F32LE, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(properties);
  }
  const auto opened = Hdf5File::open(file.path());
  ASSERT_TRUE(opened);
  EXPECT_FALSE(opened->has("weights"));
  EXPECT_THAT(opened->floats("outside").error().message, HasSubstr("keeps its data in another file"));
}

}  // namespace
}  // namespace pare
