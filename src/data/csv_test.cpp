#include "data/csv.h"

#include <gmock/gmock.h>

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Expected<Table> parse(std::string_view text, bool header = false) {
  return parse_csv(std::as_bytes(std::span(text.data(), text.size())), header);
}

TEST(Csv, QuotesBlanksAndLineEnds) {
  const auto table = parse("a, b ,\"c,\"\"d\"\"\ne\"\r\n\n1,2,3", true);
  ASSERT_TRUE(table) << table.error().to_string();
  EXPECT_THAT(table->header, ElementsAre("a", "b", "c,\"d\"\ne"));
  ASSERT_EQ(table->rows.size(), 1u);
  EXPECT_THAT(table->rows[0], ElementsAre("1", "2", "3"));
}

TEST(Csv, ColumnsByNameAndNumber) {
  const auto table = parse("id,2\n5,6\n", true);
  EXPECT_EQ(*find_column(*table, "id"), 0u);
  EXPECT_EQ(*find_column(*table, "2"), 1u) << "a name goes before a number";
  EXPECT_THAT(find_column(*table, "age").error().message, HasSubstr("no column 'age'; the table has: id, 2"));
  EXPECT_THAT(find_column(*parse("1,2\n"), "7").error().message, HasSubstr("2 columns, counted from 0, and no header"));
}

TEST(Csv, NumbersAreWholeCells) {
  EXPECT_EQ(parse_number(".28"), 0.28f);
  EXPECT_EQ(parse_number("1e3"), 1000.0f);
  for (const std::string_view text : {"", "1x", "nan", "inf", "1 2"}) EXPECT_FALSE(parse_number(text)) << text;
  EXPECT_EQ(parse_integer("-3"), -3);
  EXPECT_FALSE(parse_integer("3.0"));
}

TEST(CsvErrors, RejectsRaggedRowsAndOpenQuotes) {
  EXPECT_THAT(parse("1,2\n3\n").error().message, HasSubstr("line 2 has 1 cells, the lines before have 2"));
  EXPECT_THAT(parse("1,\"2\n3\n").error().message, HasSubstr("never closed"));
}

}  // namespace
}  // namespace pare
