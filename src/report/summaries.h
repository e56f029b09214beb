// Results as text for people.
#pragma once

#include <string>

#include "steps/doctor.h"
#include "steps/inspect.h"
#include "steps/run.h"

namespace pare {

// `layers`: with one line a layer.
std::string describe(const ModelSummary& summary, bool layers);
std::string describe(const Computer& computer);
std::string describe(const RunResult& result, const std::string& output);

}  // namespace pare
