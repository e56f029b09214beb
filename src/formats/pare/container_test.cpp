#include "formats/pare/container.h"

#include <gmock/gmock.h>

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::byte> two_sections() {
  PareContainerWriter writer;
  writer.add("words", std::string("ein zwei drei"));
  writer.add("numbers", Tensor::of<float>({3}, {1, 2, 3}));
  return *writer.bytes();
}

std::string error_of(const std::vector<std::byte>& bytes) {
  auto container = PareContainer::open(bytes);
  if (!container) return container.error().to_string();
  if (const auto text = container->text("words"); !text) return text.error().to_string();
  const auto tensor = container->tensor("numbers");
  return tensor ? "no error" : tensor.error().to_string();
}

// Replaces a piece of the directory by one of the same length and puts its checksum right.
std::string error_with(const std::string& from, const std::string& to) {
  std::vector<std::byte> bytes = two_sections();
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  std::memcpy(bytes.data() + at, to.data(), to.size());
  const auto container = PareContainer::open(bytes, Checksums::Ignore);
  return container ? "no error" : container.error().to_string();
}

TEST(PareContainer, GivesBackWhatWasPutIn) {
  const Tensor numbers = Tensor::of<float>({3}, {1, 2, 3});
  PareContainerWriter writer;
  writer.add("text", std::string("abc"));
  writer.add("empty", std::string());
  writer.add("list/b", numbers);
  writer.add("list/a", numbers.reshaped({1, 3}));
  writer.add("list/c", Tensor(DType::Int8, Shape{0}));
  writer.add("codes", Tensor(DType::Int4, Shape{3}, pack_int4(std::vector<int8_t>{1, -2, 3})));
  const auto bytes = writer.bytes();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, *writer.bytes());
  auto container = PareContainer::open(*bytes);
  ASSERT_TRUE(container) << container.error().to_string();
  EXPECT_EQ(*container->text("text"), "abc");
  EXPECT_EQ(*container->text("empty"), "");
  EXPECT_THAT(container->names_below("list/"), ElementsAre("a", "b", "c"));
  const Tensor a = *container->tensor("list/a"), b = *container->tensor("list/b");
  EXPECT_EQ(a, numbers.reshaped({1, 3}));
  EXPECT_TRUE(a.shares_bytes_with(b)) << "stored once, and once in memory";
  EXPECT_EQ(container->tensor("list/c")->shape(), (Shape{0}));
  EXPECT_EQ(unpack_int4(container->tensor("codes")->bytes(), 3), (std::vector<int8_t>{1, -2, 3}));
}

TEST(PareContainer, ArraysLieAtMultiplesOf64Bytes) {
  const std::vector<std::byte> bytes = two_sections();
  const float wanted[] = {1, 2, 3};
  size_t at = 0;
  while (at + sizeof wanted <= bytes.size() && std::memcmp(bytes.data() + at, wanted, sizeof wanted) != 0) at += 64;
  EXPECT_LT(at, bytes.size());
}

TEST(PareContainer, RefusesDamage) {
  const std::vector<std::byte> whole = two_sections();
  EXPECT_EQ(error_of(whole), "no error");
  for (size_t size = 0; size < whole.size(); size += 7)
    EXPECT_THAT(error_of({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)}), HasSubstr("cut short"));
  const std::string text(reinterpret_cast<const char*>(whole.data()), whole.size());
  const auto with_change = [&](size_t at) {
    std::vector<std::byte> bytes = whole;
    bytes[at] ^= std::byte{1};
    return error_of(bytes);
  };
  EXPECT_THAT(with_change(0), HasSubstr("this is not a .pare file"));
  EXPECT_THAT(with_change(8), HasSubstr("the file has version 0, this program reads version 1"));
  EXPECT_THAT(with_change(70), HasSubstr("the directory does not match its checksum"));
  EXPECT_THAT(with_change(text.find("ein zwei")), HasSubstr("section 'words' does not match its checksum"));
  EXPECT_THAT(with_change(whole.size() - 1), HasSubstr("section 'numbers' does not match its checksum"));
}

TEST(PareContainer, RefusesForgedDirectories) {
  EXPECT_THAT(error_with(R"("name":"words")", R"("name":"word"")"), HasSubstr("not well-formed JSON"));
  EXPECT_THAT(error_with(R"("offset":64)", R"("offset":65)"), HasSubstr("section 'numbers' lies at"));
  EXPECT_THAT(error_with(R"("offset":64)", R"("offset":-4)"), HasSubstr("section 'numbers' has no place in the file"));
  EXPECT_THAT(error_with(R"("shape":[3])", R"("shape":[4])"),
              HasSubstr("section 'numbers' has 12 bytes, which f32[4]"));
  EXPECT_THAT(error_with(R"("shape":[3])", R"("shape":"x")"), HasSubstr("section 'numbers' has no shape"));
  EXPECT_THAT(error_with(R"("type":"f32")", R"("type":"f3x")"), HasSubstr("has the unknown type 'f3x'"));
  EXPECT_THAT(error_with(R"("size":13)", R"("size":99)"), HasSubstr("section 'words' ends behind the file"));
  EXPECT_THAT(error_with(R"("name":"words")", R"("nams":"words")"), HasSubstr("an entry without name and type"));
}

TEST(PareContainer, RefusesQuestionsForWhatIsNotThere) {
  const std::vector<std::byte> bytes = two_sections();
  auto container = PareContainer::open(bytes);
  EXPECT_THAT(container->text("none").error().message, HasSubstr("the file has no section 'none'"));
  EXPECT_THAT(container->text("numbers").error().message, HasSubstr("is an array, text was expected"));
  EXPECT_THAT(container->tensor("words").error().message, HasSubstr("is text, an array was expected"));
}

TEST(PareContainer, RefusesNamesThatAreNotText) {
  PareContainerWriter writer;
  writer.add("\xff", std::string());
  EXPECT_THAT(writer.bytes().error().message, HasSubstr("not UTF-8"));
}

}  // namespace
}  // namespace pare
