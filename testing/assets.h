// Real models and data for tests. They are used in place; tests skip where they are missing.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace pare::testing {

// The folder named by the environment variable PARE_ASSETS, or shared/assets beside the checkout.
inline std::filesystem::path assets() {
  const char* given = std::getenv("PARE_ASSETS");
  return given != nullptr ? given : PARE_DEFAULT_ASSETS;
}

}  // namespace pare::testing

// Skips the running test unless this file or folder of the assets exists.
#define PARE_REQUIRE_ASSET(path) \
  if (!std::filesystem::exists(::pare::testing::assets() / (path))) GTEST_SKIP() << "no assets: " << (path)
