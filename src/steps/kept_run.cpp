#include "steps/kept_run.h"

#include "formats/formats.h"
#include "train/checkpoint.h"

namespace pare {

Expected<void> KeptRun::keep(const Model& network, const Trainer& trainer, const FitState& state) {
  if (path_.empty()) return {};
  Model kept = network.clone();
  trainer.store_into(kept.main(), state.best.empty() ? state.carried : state.best);
  store_training(state, trainer.carried(), settings_, kept);
  PARE_TRY(write_model(kept, path_));
  kept_ = true;
  return {};
}

Expected<FitState> KeptRun::take_up(const Trainer& trainer) {
  if (!std::filesystem::exists(path_))
    return bad_input("there is no run to go on with: {} is missing; without --resume a run begins", path_.string());
  PARE_ASSIGN(const Model kept, read_model(path_));
  PARE_ASSIGN_IN(FitState state, stored_training(kept, trainer.carried(), settings_), path_.string());
  kept_ = true;
  return state;
}

Error KeptRun::explained(Error error) const { return kept_ ? kept_in(path_, error) : error; }

Error kept_in(const std::filesystem::path& path, const Error& error) {
  return {error.code,
          fmt::format("{}; what was learned is kept in {}{}", error.to_string(), path.string(),
                      error.code == ErrorCode::Io ? ", --resume goes on from there" : ""),
          "", nullptr};
}

}  // namespace pare
