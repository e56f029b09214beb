#include <cmath>
#include <nlohmann/json.hpp>

#include "report/measurements.h"

namespace pare {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no infinity.
Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json interval(const Interval& interval) { return {{"low", interval.low}, {"high", interval.high}}; }

Json classification_json(const Classification& c) {
  Json metrics{{"accuracy", c.accuracy}};
  if (c.top5) metrics["top5"] = *c.top5;
  if (c.roc_auc) metrics["roc_auc"] = *c.roc_auc;
  const ClassFigures macro = c.confusion.macro_average();
  metrics["macro_precision"] = macro.precision;
  metrics["macro_recall"] = macro.recall;
  metrics["macro_f1"] = macro.f1;
  return metrics;
}

Json confusion_json(const ConfusionMatrix& matrix) {
  Json rows = Json::array();
  for (int64_t truth = 0; truth < matrix.classes(); ++truth) {
    Json row = Json::array();
    for (int64_t predicted = 0; predicted < matrix.classes(); ++predicted) row.push_back(matrix.at(truth, predicted));
    rows.push_back(row);
  }
  return rows;
}

Json paired_json(const PairedComparison& paired) {
  return {{"difference", paired.difference},   {"interval", interval(paired.interval)},
          {"p_value", paired.p_value},         {"significant", paired.significant()},
          {"both_right", paired.both_right},   {"only_first", paired.only_first},
          {"only_second", paired.only_second}, {"both_wrong", paired.both_wrong}};
}

Json latency_json(const Latency& l) {
  return {{"median", l.median}, {"p90", l.p90}, {"p99", l.p99}, {"mean", l.mean}, {"min", l.min}};
}

Json evaluation_json(const ModelEvaluation& one) {
  Json out{{"model", one.model}, {"samples", one.evaluation.samples}};
  if (const auto& c = one.evaluation.classification) {
    out["metrics"] = classification_json(*c);
    out["interval"] = {{"accuracy", interval(c->interval)}};
    if (c->confusion.classes() <= 100) out["confusion"] = confusion_json(c->confusion);
  } else if (const auto& r = one.evaluation.regression) {
    out["metrics"] = {{"mse", r->mse}, {"mae", r->mae}, {"snr_db", finite_or_null(r->snr_db)}};
    out["interval"] = Json::object();
  }
  out["size_bytes"] = one.size.bytes;
  out["gzip_bytes"] = one.size.gzip_bytes;
  if (one.latency) out["latency_ms"] = latency_json(one.latency->latency);
  if (one.against_first) out["against_first"] = paired_json(*one.against_first);
  if (one.agreement_with_first) out["agreement_with_first"] = *one.agreement_with_first;
  return out;
}

Json benchmark_json(const BenchmarkResult& one) {
  const Latency& l = one.measured.latency;
  Json out{{"model", one.model},
           {"engine", std::string(to_string(one.setting.engine))},
           {"threads", one.setting.threads},
           {"batch", one.setting.batch},
           {"latency_ms", latency_json(l)},
           {"runs", l.runs},
           {"fps", one.measured.fps},
           {"arena_bytes", one.measured.arena_bytes},
           {"peak_rss_bytes", one.peak_rss_bytes}};
  for (const OperatorTime& each : one.operators)
    out["operators"].push_back({{"name", each.name},
                                {"operator", each.op},
                                {"implementation", each.implementation},
                                {"ms", each.milliseconds},
                                {"share", each.share},
                                {"multiply_adds", each.multiply_adds}});
  return out;
}

template <class Result, class Convert>
Json one_or_many(const std::vector<Result>& results, Convert&& convert) {
  if (results.size() == 1) return convert(results[0]);
  Json list = Json::array();
  for (const Result& each : results) list.push_back(convert(each));
  return {{"models", list}};
}

}  // namespace

Json to_json(const std::vector<ModelEvaluation>& evaluations) { return one_or_many(evaluations, evaluation_json); }
Json to_json(const std::vector<BenchmarkResult>& results) { return one_or_many(results, benchmark_json); }

Json to_json(const CompareResult& result) {
  Json tensors = Json::array(), models = Json::array();
  for (const TensorError& each : result.tensors)
    tensors.push_back({{"name", each.name},
                       {"operator", each.op},
                       {"mse", each.error.mse()},
                       {"mae", each.error.mae()},
                       {"max", each.error.max_abs()},
                       {"snr_db", finite_or_null(each.error.snr_db())},
                       {"cosine", each.error.cosine()}});
  for (const ModelEvaluation& each : result.evaluations) models.push_back(evaluation_json(each));
  return {{"tensors", tensors}, {"models", models}, {"graph_difference", result.graph_difference}};
}

}  // namespace pare
