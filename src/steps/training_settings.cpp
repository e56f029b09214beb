#include "steps/training_settings.h"

#include <nlohmann/json.hpp>

namespace pare {
namespace {

using Json = nlohmann::json;

// Of a run without a teacher each is null, for settings are compared by name.
Json settings_of(const std::optional<DistillationRecord>& record, const std::string& teacher) {
  Json settings;
  for (const char* name :
       {"teacher", "soft_loss", "temperature", "soft_weight", "features", "feature_weight", "use_targets"})
    settings[name] = nullptr;
  if (!record) return settings;
  const DistillationOptions& options = record->options;
  Json features = Json::array();
  for (const FeaturePair& pair : options.features) features.push_back(pair.student + "=" + pair.teacher);
  settings.update({{"teacher", teacher},
                   {"soft_loss", to_string(*options.soft_loss)},
                   {"temperature", options.temperature},
                   {"soft_weight", *options.soft_weight},
                   {"features", std::move(features)},
                   {"feature_weight", options.feature_weight},
                   {"use_targets", options.use_targets}});
  return settings;
}

}  // namespace

std::string settings_of(const TrainOptions& options, const TrainResult& run, const std::string& teacher) {
  Json rates = Json::array();
  for (const RateFactor& each : options.rates) rates.push_back(fmt::format("{}={}", each.pattern, each.factor));
  Json settings = options.settings;
  settings.update(Json{{"epochs", options.epochs},
                       {"batch", options.batch},
                       {"seed", options.seed},
                       {"threads", options.threads},
                       {"bf16", options.bf16},
                       {"optimizer", to_string(options.optimizer.optimizer)},
                       {"momentum", options.optimizer.momentum},
                       {"nesterov", options.optimizer.nesterov},
                       {"decay", options.optimizer.decay},
                       {"clip_norm", options.optimizer.clip_norm},
                       {"schedule", to_string(options.schedule.schedule)},
                       {"lr", options.schedule.rate},
                       {"warm_up", options.schedule.warm_up},
                       {"average", options.average},
                       {"dropout", options.dropout},
                       {"keep", names_of(options.keep)},
                       {"rate", std::move(rates)},
                       {"loss", to_string(run.loss)},
                       {"smoothing", options.smoothing},
                       {"validation", options.validation},
                       {"patience", options.patience},
                       {"balanced", options.balanced},
                       {"class_weights", options.class_weights},
                       {"freeze", options.freeze},
                       {"last", options.last},
                       {"train_samples", run.train_samples},
                       {"freeze_ranges", options.freeze_ranges},
                       {"freeze_statistics", options.freeze_statistics},
                       {"damping", options.damping},
                       {"best_from", options.best_from},
                       {"validation_samples", run.validation_samples}});
  settings.update(settings_of(run.distillation, teacher));
  return settings.dump();
}

}  // namespace pare
