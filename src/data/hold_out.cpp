#include "data/hold_out.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/random.h"

namespace pare {

Expected<HeldOut> hold_out(const DataView& view, double fraction, uint64_t seed) {
  if (!(fraction > 0 && fraction < 1))
    return usage_error("the share held out for validation is {}; it must lie between 0 and 1", fraction);
  const std::vector<int64_t> labels =
      view.target() == TargetKind::Class ? view.labels() : std::vector<int64_t>(static_cast<size_t>(view.count()));
  std::map<int64_t, std::vector<int64_t>> strata;
  for (size_t i = 0; i < labels.size(); ++i) strata[labels[i]].push_back(static_cast<int64_t>(i));

  Random random(seed);
  std::vector<int64_t> train, validation;
  double owed = 0;  // by rounding so far, so that the parts come out right as a whole too
  for (auto& [label, members] : strata) {
    random.shuffle(members);
    const auto size = static_cast<int64_t>(members.size());
    const double wanted = owed + fraction * static_cast<double>(size);
    const int64_t taken = std::clamp<int64_t>(std::llround(wanted), 0, size - 1);
    // What a class of few samples kept back is not taken from the next.
    owed = std::clamp(wanted - static_cast<double>(taken), -0.5, 0.5);
    validation.insert(validation.end(), members.begin(), members.begin() + taken);
    train.insert(train.end(), members.begin() + taken, members.end());
  }
  if (validation.empty())
    return bad_input("of {} samples in {} classes a share of {} is none; hold out more, or give a split 'validation'",
                     view.count(), strata.size(), fraction);
  std::sort(train.begin(), train.end());
  std::sort(validation.begin(), validation.end());
  return HeldOut{view.select(train), view.select(validation)};
}

}  // namespace pare
