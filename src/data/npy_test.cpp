#include "data/npy.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "data/archive.h"
#include "testing/assets.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::byte> npy_of(std::string header, std::string_view data) {
  header += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() & 0xFF);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  text += data;
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

TEST(Npy, RoundTripKeepsTypeShapeAndValues) {
  const std::vector<Tensor> tensors{Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6}), Tensor::of<int64_t>({3}, {-1, 0, 7}),
                                    Tensor::of<uint8_t>({1, 2}, {0, 255}), Tensor::scalar<int32_t>(5),
                                    Tensor(DType::Float64, {0, 4})};
  for (const Tensor& tensor : tensors) {
    const auto bytes = write_npy(tensor);
    ASSERT_TRUE(bytes);
    const auto again = read_npy(*bytes);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(*again, tensor);
  }
}

TEST(Npy, ColumnMajorBigEndianIsBroughtIntoOrder) {
  const auto tensor = read_npy(npy_of("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }",
                                      std::string_view("\0\1\0\4\0\2\0\5\0\3\0\6", 12)));
  ASSERT_TRUE(tensor) << tensor.error().to_string();
  EXPECT_EQ(tensor->shape(), (Shape{2, 3}));
  EXPECT_THAT(tensor->values<int16_t>(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Npz, RoundTripKeepsNamesAndIsReproducible) {
  const std::vector<NamedTensor> arrays{{"x", Tensor::of<float>({2}, {1, 2})}, {"y", Tensor::of<int64_t>({1}, {3})}};
  const auto bytes = write_npz(arrays);
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  EXPECT_EQ(*bytes, *write_npz(arrays));
  const auto again = read_npz(*bytes);
  ASSERT_TRUE(again) << again.error().to_string();
  ASSERT_EQ(again->size(), 2u);
  EXPECT_EQ((*again)[0].name, "x");
  EXPECT_EQ((*again)[1].tensor, arrays[1].tensor);
}

TEST(Npz, ReadsWhatNumpyWrote) {
  PARE_REQUIRE_ASSET("data/mlperf_tiny/sww_calibration_samples.npz");
  const auto arrays = read_arrays(testing::assets() / "data/mlperf_tiny/sww_calibration_samples.npz");
  ASSERT_TRUE(arrays) << arrays.error().to_string();
  ASSERT_EQ(arrays->size(), 2u);
  EXPECT_EQ((*arrays)[0].name, "specs");
  EXPECT_EQ((*arrays)[0].tensor.shape(), (Shape{45, 30, 1, 40}));
  EXPECT_EQ((*arrays)[1].tensor.values<double>()[0], 2.0);
}

TEST(NpyErrors, RejectsDamagedAndForeignArrays) {
  const auto message = [](const std::vector<std::byte>& bytes) {
    const auto tensor = read_npy(bytes);
    return tensor ? std::string("no error") : tensor.error().to_string();
  };
  EXPECT_THAT(message({}), HasSubstr("not a NumPy array"));
  std::vector<std::byte> other = npy_of("{}", "");
  other[6] = std::byte{9};
  EXPECT_THAT(message(other), HasSubstr("NumPy file format 9.0; versions 1 to 3 are read"));
  other[6] = std::byte{1};
  other[9] = std::byte{0xF0};
  EXPECT_THAT(message(other), HasSubstr("the array header claims 61443 bytes, the file ends before"));
  EXPECT_THAT(message(npy_of("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", "abcd")),
              HasSubstr("needs 16 bytes, the file holds 4"));
  EXPECT_THAT(message(npy_of("{'descr': '<f4', 'fortran_order': False}", "")), HasSubstr("lacks"));
  EXPECT_THAT(message(npy_of("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "")),
              HasSubstr("element type '<c8'"));
  EXPECT_THAT(message(npy_of("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "")),
              HasSubstr("record type"));
  EXPECT_THAT(message(npy_of("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "")),
              HasSubstr("no valid shape"));
  EXPECT_THAT(message(npy_of("{'descr': '<f4', 'fortran_order': False, 'shape': (1,", "")),
              HasSubstr("no valid shape"));
  EXPECT_THAT(message(npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': (999999999, 999999999)}", "")),
              HasSubstr("more than can be read"));
  EXPECT_THAT(message(npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': (99999, 99999)}", "")),
              HasSubstr("the file holds 0"));
}

TEST(NpyErrors, WritingSaysWhatTheEndingCanHold) {
  const std::vector<NamedTensor> two{{"a", Tensor::scalar<float>(1)}, {"b", Tensor::scalar<float>(2)}};
  EXPECT_THAT(write_arrays("out.npy", two).error().message, HasSubstr("holds one array, there are 2"));
  EXPECT_THAT(write_arrays("out.txt", two).error().message, HasSubstr("written as .npy or .npz"));
  EXPECT_THAT(write_npy(Tensor(DType::String, {1})).error().message, HasSubstr("text"));
}

TEST(Archive, RejectsDamageAndBombs) {
  const std::vector<ArchiveEntry> entries{{"a", std::vector<std::byte>(1000)}, {"b", std::vector<std::byte>(1000)}};
  const auto zip = pack_zip(entries);
  ASSERT_TRUE(zip);
  EXPECT_THAT(unpack(*zip, {.bytes = 1500}).error().to_string(),
              HasSubstr("entry 'b': the file unpacks to more than 1500 bytes"));
  EXPECT_THAT(unpack(*zip, {.entries = 1}).error().to_string(), HasSubstr("more than 1 entries"));
  EXPECT_FALSE(unpack(std::span(*zip).subspan(0, 600)));
  EXPECT_THAT(unpack(std::as_bytes(std::span("no archive at all"))).error().to_string(),
              HasSubstr("not a tar or zip archive, or a damaged one ("));
  EXPECT_THAT(decompress(std::as_bytes(std::span("\x1f\x8b\x08\x00junk"))).error().to_string(),
              HasSubstr("the compressed data are damaged ("));
}

}  // namespace
}  // namespace pare
