#include "report/training.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/table.h"

namespace pare {
namespace {

using Json = nlohmann::ordered_json;

std::string minutes(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

bool is_share(Criterion criterion) { return criterion == Criterion::Accuracy || criterion == Criterion::Agreement; }

std::string_view heading_of(Criterion criterion) {
  switch (criterion) {
    case Criterion::Accuracy: return ">validation";
    case Criterion::Mse: return ">validation MSE";
    case Criterion::Agreement: return ">like the teacher";
    case Criterion::TeacherMse: return ">MSE to the teacher";
  }
  return "";
}

// The score of an epoch in the words of what it judges.
std::string score_text(const TrainResult& result, double score) {
  return is_share(result.criterion) ? percent(score) : fmt::format("{:.6g}", -score);
}

Json to_json(const DistillationRecord& record) {
  Json features = Json::array();
  for (const FeaturePair& pair : record.options.features)
    features.push_back({{"student", pair.student}, {"teacher", pair.teacher}});
  Json json{{"teacher", record.teacher},
            {"soft_loss", to_string(*record.options.soft_loss)},
            {"temperature", record.options.temperature},
            {"soft_weight", *record.options.soft_weight},
            {"features", std::move(features)},
            {"feature_weight", record.options.feature_weight},
            {"labels", record.options.use_targets},
            {"kept", record.kept}};
  if (record.score) json["teacher_validation"] = *record.score;
  return json;
}

// "Learned from net.h5 by kl at temperature 4, weight 0.9; the teacher itself: 91.20 %."
std::string describe(const DistillationRecord& record, const TrainResult& result) {
  std::string text = fmt::format("Learned from {} by {}", record.teacher, to_string(*record.options.soft_loss));
  if (record.options.soft_loss != SoftLoss::Mse) text += fmt::format(" at temperature {}", record.options.temperature);
  text += record.options.use_targets ? fmt::format(", weight {}", *record.options.soft_weight)
                                     : std::string(", without labels");
  if (!record.options.features.empty()) text += fmt::format(", and {} of its values", record.options.features.size());
  if (record.score) text += fmt::format("; the teacher itself: {}", score_text(result, *record.score));
  return text + ".\n";
}

Json epoch_json(const EpochRecord& record) {
  Json json{{"epoch", record.progress.epoch},
            {"loss", record.progress.loss},
            {"rate", record.rate},
            {"seconds", record.progress.seconds},
            {"samples_per_second", record.progress.samples_per_second()}};
  if (record.progress.accuracy) json["accuracy"] = *record.progress.accuracy;
  if (record.score) json["validation"] = *record.score;
  return json;
}

}  // namespace

std::string describe(const Progress& progress) {
  const double share =
      static_cast<double>(progress.samples) / static_cast<double>(std::max<int64_t>(progress.samples_of_epoch, 1));
  std::string text =
      fmt::format("epoch {}/{}   {:3.0f} %   loss {:.4f}", progress.epoch, progress.epochs, share * 100, progress.loss);
  if (progress.accuracy) text += fmt::format("   accuracy {}", percent(*progress.accuracy));
  text += fmt::format("   {} samples/s", with_commas(static_cast<int64_t>(progress.samples_per_second())));
  if (share > 0) {
    const double epoch = progress.seconds / share;
    text += fmt::format("   {} left", minutes(epoch - progress.seconds +
                                              epoch * static_cast<double>(progress.epochs - progress.epoch)));
  }
  return text;
}

Json to_json(const TrainResult& result, const std::string& model, const std::string& output) {
  Json epochs = Json::array();
  for (const EpochRecord& record : result.fit.epochs) epochs.push_back(epoch_json(record));
  Json json{{"model", model},
            {"output", output},
            {"loss", to_string(result.loss)},
            {"train_samples", result.train_samples},
            {"validation_samples", result.validation_samples},
            {"trained_parameters", result.trained_parameters},
            {"judged_by", to_string(result.criterion)},
            {"epochs", std::move(epochs)},
            {"best_epoch", result.fit.best_epoch},
            {"stopped_early", result.fit.stopped_early},
            {"empty_classes", result.empty_classes}};
  if (result.distillation) json["distillation"] = to_json(*result.distillation);
  return json;
}

std::string describe_course(const TrainResult& result) {
  const bool classes = !result.fit.epochs.empty() && result.fit.epochs.front().progress.accuracy.has_value();
  const bool validated = result.validation_samples > 0;
  std::vector<std::string> headings{">epoch", ">loss"};
  if (classes) headings.emplace_back(">accuracy");
  if (validated) headings.emplace_back(heading_of(result.criterion));
  for (const char* heading : {">rate", ">seconds", ">samples/s", ""}) headings.emplace_back(heading);
  Table table(headings);
  for (const EpochRecord& record : result.fit.epochs) {
    std::vector<std::string> row{std::to_string(record.progress.epoch), fmt::format("{:.4f}", record.progress.loss)};
    if (classes) row.push_back(percent(*record.progress.accuracy));
    if (validated) row.push_back(score_text(result, *record.score));
    row.push_back(fmt::format("{:.2g}", record.rate));
    row.push_back(fmt::format("{:.1f}", record.progress.seconds));
    row.push_back(with_commas(static_cast<int64_t>(record.progress.samples_per_second())));
    row.emplace_back(record.progress.epoch == result.fit.best_epoch ? "kept" : "");
    table.row(std::move(row));
  }
  std::string text = fmt::format("{} parameters trained on {} samples by {}", with_commas(result.trained_parameters),
                                 with_commas(result.train_samples), to_string(result.loss));
  if (validated) text += fmt::format(", validated on {}", with_commas(result.validation_samples));
  text += "\n\n" + table.text();
  if (result.distillation) text += describe(*result.distillation, result);
  if (result.fit.stopped_early) text += "Stopped early: no better validation for a while.\n";
  for (const int64_t each : result.empty_classes) text += fmt::format("Class {} has no training sample.\n", each);
  return text;
}

std::string describe(const TrainResult& result, const std::string& output) {
  return describe_course(result) + fmt::format("\nwritten to {}\n", output);
}

}  // namespace pare
