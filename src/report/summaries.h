// Results as text for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "steps/doctor.h"
#include "steps/inspect.h"
#include "steps/run.h"

namespace pare {

// Tables beside the summary.
struct SummaryTables {
  bool layers = false;   // one line a layer
  bool weights = false;  // one line a tensor of weights
};
std::string describe(const ModelSummary& summary, const SummaryTables& tables);

// A sentence on parameters that could take much less room than `bytes`: whether they do in the file, or only where that is compressed. Empty
// where they could not.
std::string savings_note(int64_t bytes, int64_t entropy_bytes, std::optional<int64_t> file_bytes);

std::string describe(const Computer& computer);
std::string describe(const RunResult& result, const std::string& output);

}  // namespace pare
