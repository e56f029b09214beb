// Small pictures for tests.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pare::testing {

inline std::vector<std::byte> from_hex(std::string_view digits) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  return bytes;
}

// A PNG of 3 x 2 pixels: red, green, blue; white, black, grey 128.
inline std::vector<std::byte> png_of_six_pixels() {
  return from_hex(
      "89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d0000001a49444154789c05c1"
      "8101002008c020ec72bd7c81107acad8bd0f3ef206801cf8e7ce0000000049454e44ae426082");
}

// A PNG of one grey pixel.
inline std::vector<std::byte> png_of_one_pixel() {
  return from_hex(
      "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
      "0000000a4944415478da6368000000820081da45083b0000000049454e44ae426082");
}

}  // namespace pare::testing
