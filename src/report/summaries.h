// Results as text for people.
#pragma once

#include <string>

#include "steps/doctor.h"
#include "steps/inspect.h"

namespace pare {

// `layers`: with one line a layer.
std::string describe(const ModelSummary& summary, bool layers);
std::string describe(const Computer& computer);

}  // namespace pare
