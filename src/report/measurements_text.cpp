#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "report/measurements.h"
#include "report/table.h"

namespace pare {
namespace {

std::string difference_text(const PairedComparison& paired) {
  return fmt::format("{:+.2f} ({:+.2f} to {:+.2f}), {}", paired.difference * 100, paired.interval.low * 100,
                     paired.interval.high * 100,
                     paired.significant() ? fmt::format("significant, p = {:.2g}", paired.p_value) : "not significant");
}

// What a table calls the models: the names of their files, or the whole paths where two of those are alike.
template <class Results>
std::vector<std::string> model_names(const Results& results) {
  std::vector<std::string> paths, names;
  for (const auto& each : results) {
    paths.push_back(each.model);
    names.push_back(std::filesystem::path(each.model).filename().string());
  }
  return std::set<std::string>(names.begin(), names.end()).size() < names.size() ? paths : names;
}

std::string classification_table(const std::vector<ModelEvaluation>& evaluations) {
  bool top5 = false, auc = false, latency = false;
  for (const ModelEvaluation& each : evaluations) {
    top5 = top5 || each.evaluation.classification->top5.has_value();
    latency = latency || each.latency.has_value();
    auc = auc || each.evaluation.classification->roc_auc.has_value();
  }
  std::vector<std::string> headings{"~model", ">samples", ">accuracy (95 % interval)"};
  if (top5) headings.emplace_back(">top 5");
  if (auc) headings.emplace_back(">ROC AUC");
  for (const char* heading : {">size", ">gzip"}) headings.emplace_back(heading);
  if (latency) headings.emplace_back(">latency");
  headings.emplace_back("against the first, points");
  Table table(headings);
  const std::vector<std::string> names = model_names(evaluations);
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const ModelEvaluation& each = evaluations[i];
    const Classification& c = *each.evaluation.classification;
    std::vector<std::string> row{names[i], with_commas(each.evaluation.samples), accuracy_text(c)};
    if (top5) row.push_back(c.top5 ? percent(*c.top5) : "");
    if (auc) row.push_back(c.roc_auc ? fmt::format("{:.4f}", *c.roc_auc) : "");
    row.push_back(human_bytes(each.size.bytes));
    row.push_back(human_bytes(each.size.gzip_bytes));
    if (latency) row.push_back(each.latency ? fmt::format("{:.3f} ms", each.latency->latency.median) : "");
    row.push_back(each.against_first ? difference_text(*each.against_first) : "");
    table.row(row);
  }
  return table.text();
}

std::string regression_table(const std::vector<ModelEvaluation>& evaluations) {
  Table table({"~model", ">samples", ">MSE", ">MAE", ">SNR", ">size", ">gzip"});
  const std::vector<std::string> names = model_names(evaluations);
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const ModelEvaluation& each = evaluations[i];
    const Regression& r = *each.evaluation.regression;
    table.row({names[i], with_commas(each.evaluation.samples), fmt::format("{:.6g}", r.mse),
               fmt::format("{:.6g}", r.mae), fmt::format("{:.1f} dB", r.snr_db), human_bytes(each.size.bytes),
               human_bytes(each.size.gzip_bytes)});
  }
  return table.text();
}

std::string class_report(const ModelEvaluation& one, const std::vector<std::string>& names) {
  const ConfusionMatrix& matrix = one.evaluation.classification->confusion;
  const auto name = [&](int64_t i) {
    return static_cast<size_t>(i) < names.size() ? names[static_cast<size_t>(i)] : std::to_string(i);
  };
  std::vector<std::string> headings{"class", ">samples", ">precision", ">recall", ">F1"};
  const bool matrix_fits = matrix.classes() <= 20;
  for (int64_t i = 0; matrix_fits && i < matrix.classes(); ++i) headings.push_back(">" + name(i));
  Table table(headings);
  for (int64_t truth = 0; truth < matrix.classes(); ++truth) {
    const ClassFigures figures = matrix.figures(truth);
    std::vector<std::string> row{name(truth), with_commas(figures.support), percent(figures.precision),
                                 percent(figures.recall), fmt::format("{:.4f}", figures.f1)};
    for (int64_t i = 0; matrix_fits && i < matrix.classes(); ++i)
      row.push_back(matrix.at(truth, i) == 0 ? "." : std::to_string(matrix.at(truth, i)));
    table.row(row);
  }
  return fmt::format("\n{}{}\n{}", one.model, matrix_fits ? ", predicted classes to the right" : "", table.text());
}

std::string operator_table(const BenchmarkResult& result) {
  Table table({"operator", "~name", "kernel", ">ms", ">share", ">multiply-adds", ">GMAC/s"});
  for (const OperatorTime& each : result.operators) {
    const double rate = each.milliseconds > 0 ? static_cast<double>(each.multiply_adds) / each.milliseconds * 1e-6 : 0;
    table.row({each.op, each.name, each.implementation, fmt::format("{:.4f}", each.milliseconds),
               percent(each.share, 1), each.multiply_adds > 0 ? with_commas(each.multiply_adds) : "",
               each.multiply_adds > 0 ? fmt::format("{:.1f}", rate) : ""});
  }
  return "\n" + table.text();
}

}  // namespace

std::string accuracy_text(const Classification& c) {
  return fmt::format("{} ({:.2f} to {:.2f})", percent(c.accuracy), c.interval.low * 100, c.interval.high * 100);
}

std::string describe(const std::vector<ModelEvaluation>& evaluations, bool classes,
                     const std::vector<std::string>& class_names) {
  if (evaluations.empty()) return "";
  if (!evaluations[0].evaluation.classification) return regression_table(evaluations);
  std::string text = classification_table(evaluations);
  for (const ModelEvaluation& each : evaluations)
    if (classes) text += class_report(each, class_names);
  return text;
}

std::string describe(const std::vector<BenchmarkResult>& results) {
  Table table({"~model", "engine", ">threads", ">batch", ">median", ">p90", ">p99", ">mean", ">samples/s", ">arena",
               ">peak memory"});
  const auto ms = [](double value) { return fmt::format("{:.3f} ms", value); };
  const std::vector<std::string> names = model_names(results);
  for (size_t i = 0; i < results.size(); ++i) {
    const BenchmarkResult& each = results[i];
    const Latency& l = each.measured.latency;
    table.row({names[i], std::string(to_string(each.setting.engine)), std::to_string(each.setting.threads),
               std::to_string(each.setting.batch), ms(l.median), ms(l.p90), ms(l.p99), ms(l.mean),
               fmt::format("{:.0f}", each.measured.fps), human_bytes(static_cast<int64_t>(each.measured.arena_bytes)),
               human_bytes(each.peak_rss_bytes)});
  }
  std::string text = table.text();
  for (const BenchmarkResult& each : results)
    if (!each.operators.empty()) text += operator_table(each);
  return text;
}

std::string describe(const CompareResult& result, bool graph) {
  Table table({"~tensor", "operator", ">SNR", ">cosine", ">mean error", ">largest error"});
  for (const TensorError& each : result.tensors)
    table.row({each.name, each.op,
               std::isfinite(each.error.snr_db()) ? fmt::format("{:.1f} dB", each.error.snr_db()) : "equal",
               fmt::format("{:.6f}", each.error.cosine()), fmt::format("{:.4g}", each.error.mae()),
               fmt::format("{:.4g}", each.error.max_abs())});
  std::string text = table.text();
  if (!result.evaluations.empty()) text += "\n" + describe(result.evaluations, false, {});
  if (graph) text += "\n" + (result.graph_difference.empty() ? "The graphs are equal.\n" : result.graph_difference);
  return text;
}

}  // namespace pare
