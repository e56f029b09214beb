// Measurements as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "steps/benchmark.h"
#include "steps/compare.h"
#include "steps/evaluate_models.h"

namespace pare {

// One object for one model; {"models": [...]} for several.
nlohmann::ordered_json to_json(const std::vector<ModelEvaluation>& evaluations);
nlohmann::ordered_json to_json(const std::vector<BenchmarkResult>& results);
nlohmann::ordered_json to_json(const CompareResult& result);

// `classes`: with precision, recall and the confusion matrix of each model; names may be empty.
std::string describe(const std::vector<ModelEvaluation>& evaluations, bool classes,
                     const std::vector<std::string>& class_names);
std::string describe(const std::vector<BenchmarkResult>& results);
std::string describe(const CompareResult& result, bool graph);

// "98.75 % (98.1 to 99.2)": an accuracy with its 95 % interval.
std::string accuracy_text(const Classification& classification);

}  // namespace pare
