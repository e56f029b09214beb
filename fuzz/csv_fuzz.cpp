// Any bytes as a table: rows of equal length or an error.
#include <cstdlib>

#include "data/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const bool header : {false, true}) {
    const auto table = pare::parse_csv(std::as_bytes(std::span(data, size)), header);
    if (!table) continue;
    for (const auto& row : table->rows)
      if (row.size() != table->columns()) std::abort();
  }
  return 0;
}
