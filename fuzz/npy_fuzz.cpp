// Any bytes as an .npy or .npz: arrays or an error. Arrays can be written and read back as they were.
#include <cstdio>
#include <cstdlib>

#include "data/npy.h"

namespace {

void require(bool condition, const char* message) {
  if (condition) return;
  std::fprintf(stderr, "round trip: %s\n", message);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto tensor = pare::read_npy(bytes)) {
    const auto written = pare::write_npy(*tensor);
    require(written.has_value(), "not written");
    const auto again = pare::read_npy(*written);
    require(again.has_value() && *again == *tensor, "another array");
  }
  if (const auto arrays = pare::read_npz(bytes)) {
    for (const auto& array : *arrays) require(pare::write_npy(array.tensor).has_value(), "an entry is not written");
  }
  return 0;
}
