#include "train/checkpoint.h"

#include <nlohmann/json.hpp>

namespace pare {
namespace {

using Json = nlohmann::json;

constexpr const char *kRun = "training", *kSettings = "training/settings";

std::string key(std::string_view kind, const CarriedTensor& tensor) {
  return fmt::format("training/{}/{}", kind, tensor.name);
}

Json to_json(const Progress& progress) {
  Json json{{"epoch", progress.epoch},         {"epochs", progress.epochs}, {"samples", progress.samples},
            {"of", progress.samples_of_epoch}, {"loss", progress.loss},     {"seconds", progress.seconds}};
  if (progress.accuracy) json["accuracy"] = *progress.accuracy;
  return json;
}

template <class T>
std::optional<T> optional_at(const Json& json, const char* name) {
  return json.contains(name) ? std::optional<T>(json.at(name).get<T>()) : std::nullopt;
}

Progress progress_of(const Json& json) {
  return {.epoch = json.at("epoch"),
          .epochs = json.at("epochs"),
          .samples = json.at("samples"),
          .samples_of_epoch = json.at("of"),
          .loss = json.at("loss"),
          .accuracy = optional_at<double>(json, "accuracy"),
          .seconds = json.at("seconds")};
}

Json to_json(const EpochRecord& record) {
  Json json{{"progress", to_json(record.progress)}, {"rate", record.rate}, {"best", record.best}};
  if (record.score) json["score"] = *record.score;
  return json;
}

Expected<Json> parsed(const Model& model, const char* name) {
  const auto found = model.extras.find(name);
  const auto* text = found == model.extras.end() ? nullptr : std::get_if<std::string>(&found->second);
  if (text == nullptr) return bad_input("it holds no state of a training");
  Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded()) return bad_input("the state of the training is damaged");
  return json;
}

Expected<std::vector<Tensor>> tensors(const Model& model, std::string_view kind,
                                      const std::vector<CarriedTensor>& layout) {
  std::vector<Tensor> all;
  for (const CarriedTensor& each : layout) {
    const auto found = model.extras.find(key(kind, each));
    const auto* tensor = found == model.extras.end() ? nullptr : std::get_if<Tensor>(&found->second);
    if (tensor == nullptr) return bad_input("the state of '{}' is missing", each.name);
    all.push_back(*tensor);
  }
  return all;
}

Expected<void> check_settings(const Model& model, const std::string& settings) {
  PARE_ASSIGN(const Json stored, parsed(model, kSettings));
  const Json wanted = Json::parse(settings);
  for (const auto& [name, value] : wanted.items())
    if (!stored.contains(name) || stored.at(name) != value)
      return bad_input("the run that was kept has {} = {}, now it is {}; start anew, or with the settings it had", name,
                       stored.contains(name) ? stored.at(name).dump() : "nothing", value.dump());
  return {};
}

}  // namespace

void store_training(const FitState& state, const std::vector<CarriedTensor>& layout, const std::string& settings,
                    Model& model) {
  Json epochs = Json::array();
  for (const EpochRecord& record : state.so_far.epochs) epochs.push_back(to_json(record));
  model.extras[kRun] = Json{
      {"epochs", std::move(epochs)},
      {"best_epoch", state.so_far.best_epoch},
      {"stopped_early", state.so_far.stopped_early},
      {"progress", to_json(state.progress)},
      {"batches", state.batches},
      {"loss_sum", state.loss_sum},
      {"right", state.right},
      {"steps",
       state.steps}}.dump();
  model.extras[kSettings] = settings;
  for (size_t i = 0; i < layout.size(); ++i) {
    model.extras[key("now", layout[i])] = state.carried[i];
    if (!state.best.empty()) model.extras[key("best", layout[i])] = state.best[i];
  }
}

void drop_training(Model& model) {
  std::erase_if(model.extras, [](const auto& each) {
    return each.first == kRun || each.first.starts_with(fmt::format("{}/", kRun));
  });
}

Expected<FitState> stored_training(const Model& model, const std::vector<CarriedTensor>& layout,
                                   const std::string& settings) {
  PARE_TRY(check_settings(model, settings));
  PARE_ASSIGN(const Json json, parsed(model, kRun));
  FitState state;
  try {
    for (const Json& each : json.at("epochs"))
      state.so_far.epochs.push_back({.progress = progress_of(each.at("progress")),
                                     .rate = each.at("rate"),
                                     .score = optional_at<double>(each, "score"),
                                     .best = each.at("best")});
    state.so_far.best_epoch = json.at("best_epoch");
    state.so_far.stopped_early = json.at("stopped_early");
    state.progress = progress_of(json.at("progress"));
    state.batches = json.at("batches");
    state.loss_sum = json.at("loss_sum");
    state.right = json.at("right");
    state.steps = json.at("steps");
  } catch (const Json::exception& error) { return bad_input("the state of the training is damaged: {}", error.what()); }
  const auto known = static_cast<int64_t>(state.so_far.epochs.size());
  if (state.so_far.best_epoch < 0 || state.so_far.best_epoch > known || state.batches < 0 || state.steps < 0)
    return bad_input("the state of the training is damaged");
  PARE_ASSIGN(state.carried, tensors(model, "now", layout));
  if (state.so_far.best_epoch > 0) { PARE_ASSIGN(state.best, tensors(model, "best", layout)); }
  return state;
}

}  // namespace pare
