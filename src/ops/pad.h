// Operators that add elements around a tensor.
#pragma once

#include "ir/attributes.h"

namespace pare {

enum class MirrorPadMode { Reflect, Symmetric };  // without, with the outermost element repeated
template <>
struct EnumNames<MirrorPadMode> {
  static constexpr std::array<std::string_view, 2> names{"reflect", "symmetric"};
};

struct MirrorPadAttributes {
  MirrorPadMode mode = MirrorPadMode::Reflect;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("mode", self.mode);
  }
};

}  // namespace pare
