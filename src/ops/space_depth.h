// Operators that move elements between space and channels or batch.
#pragma once

#include "ir/attributes.h"

namespace pare {

// space_to_depth, depth_to_space
struct BlockAttributes {
  int64_t block_size = 2;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("block_size", self.block_size);
  }
};

}  // namespace pare
