// Results as JSON. The keys are part of the interface: more may come, these stay (docs/reference/cli.md).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "steps/doctor.h"
#include "steps/inspect.h"
#include "steps/run.h"

namespace pare {

nlohmann::ordered_json to_json(const ModelSummary& summary);
nlohmann::ordered_json to_json(const Computer& computer);
nlohmann::ordered_json to_json(const RunResult& result, const std::string& model);

}  // namespace pare
