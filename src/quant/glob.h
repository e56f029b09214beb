// Name patterns: `*` stands for any run of characters, `?` for one.
#pragma once

#include <string_view>

namespace pare {

bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace pare
