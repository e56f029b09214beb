#include "steps/check_targets.h"

#include "eval/evaluate.h"

namespace pare {
namespace {

// Numbers of one sample; -1: not known.
int64_t per_sample(const Shape& shape) {
  int64_t count = 1;
  for (int i = 1; i < shape.rank(); ++i) {
    if (shape[i] == kDynamic) return -1;
    count *= shape[i];
  }
  return count;
}

}  // namespace

Expected<void> check_targets(const Value& output, const DataView& view) {
  const int64_t given = per_sample(output.type.shape);
  if (given < 0) return {};
  if (view.target() == TargetKind::Class) {
    auto fits = check_classes(given == 1 ? 2 : given, view);
    if (!fits) fits.error().message += fmt::format("; `pare build --from` makes a head for {}", view.classes());
    return fits;
  }
  if (view.target() != TargetKind::Value) return {};
  if (const int64_t wanted = per_sample(view.values().shape()); wanted != given)
    return bad_input("the model gives {} numbers a sample, the data set has {}", given, wanted);
  return {};
}

}  // namespace pare
