// Operators that add elements around a tensor.
#pragma once

#include <optional>

#include "ir/graph.h"
#include "ops/window.h"

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

// What a node puts around height and width, where it is a `pad` that is known to touch nothing else.
struct SpatialPaddings {
  PaddingExtents h, w;
};
std::optional<SpatialPaddings> spatial_paddings(const Node& node);

}  // namespace pare
