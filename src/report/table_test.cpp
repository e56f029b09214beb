#include "report/table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/check.h"

namespace pare {
namespace {

TEST(Table, AlignsColumnsByWhatIsSeen) {
  Table table({"model", ">size"});
  table.row({"a.tflite", "9 B"});
  table.row({"größe", "1.2 kB"});
  EXPECT_EQ(table.text(), "model       size\n----------------\na.tflite     9 B\ngröße     1.2 kB\n");
  EXPECT_EQ(table.markdown(), "| model | size |\n| --- | ---: |\n| a.tflite | 9 B |\n| größe | 1.2 kB |\n");
}

TEST(Table, BarsInCellsDoNotEndThem) {
  Table table({"a"});
  table.row({"x|y"});
  EXPECT_EQ(table.markdown(), "| a |\n| --- |\n| x\\|y |\n");
}

TEST(Table, NamesLoseTheirMiddleWhereLinesGetTooLong) {
  Table table({"~name", ">ms"});
  const std::string middle(100, '-');
  table.row({"größe/" + middle + "/first", "1"});
  table.row({"größe/" + middle + "/second", "2"});
  table.row({"short", "3"});
  EXPECT_EQ(table.text(30),
            "name                        ms\n"
            "------------------------------\n"
            "größe/-------…------/first   1\n"
            "größe/-------…-----/second   2\n"
            "short                        3\n");
  EXPECT_NE(table.text(200).find(middle), std::string::npos);
  EXPECT_EQ(Table({"a long heading that stays"}).text(10), "a long heading that stays\n-------------------------\n");
}

TEST(Table, NamesThatDifferInTheMiddleAreNumbered) {
  Table table({"~name"});
  for (const char* middle : {"one", "two", "two", "three"})
    table.row({fmt::format("{}{}{}", std::string(40, 'a'), middle, std::string(40, 'z'))});
  EXPECT_EQ(table.text(24),
            "name\n"
            "------------------------\n"
            "aaaaaaaaaaaa…zzzzzzzzzzz\n"
            "aaaaaaaaaaa…2…zzzzzzzzzz\n"
            "aaaaaaaaaaa…2…zzzzzzzzzz\n"
            "aaaaaaaaaaa…3…zzzzzzzzzz\n");
}

TEST(Table, RowsHaveOneCellAColumn) {
  Table table({"a", "b"});
  EXPECT_THROW(table.row({"1"}), InternalError);
}

TEST(Table, NumbersForPeople) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(96'512), "96.5 kB");
  EXPECT_EQ(human_bytes(999'990), "1.0 MB");
  EXPECT_EQ(human_count(12'500'000), "12.5 M");
  EXPECT_EQ(human_count(12), "12");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(with_commas(-123456), "-123,456");
  EXPECT_EQ(with_commas(-123), "-123");
  EXPECT_EQ(percent(0.98754), "98.75 %");
  EXPECT_EQ(percent(0.5, 0), "50 %");
}

}  // namespace
}  // namespace pare
