// Any text as a description of a data set: a description or an error. Its text form reads back to the same text.
#include <cstdio>
#include <cstdlib>

#include "data/description.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto description = pare::parse_description({reinterpret_cast<const char*>(data), size}, "/data");
  if (!description) return 0;
  const std::string text = pare::to_toml(*description, "/data");
  const auto again = pare::parse_description(text, "/data");
  if (again && pare::to_toml(*again, "/data") == text) return 0;
  std::fprintf(stderr, "%s\nreads back as: %s\n", text.c_str(),
               again ? pare::to_toml(*again, "/data").c_str() : again.error().to_string().c_str());
  std::abort();
}
