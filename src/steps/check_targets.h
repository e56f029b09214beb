// Whether a network can learn what a data set wants of it.
#pragma once

#include "data/data_set.h"
#include "ir/graph.h"

namespace pare {

// Before long work: fails where `output` gives another number of scores or values than there are.
Expected<void> check_targets(const Value& output, const DataView& view);

}  // namespace pare
