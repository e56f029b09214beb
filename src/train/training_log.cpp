#include "train/training_log.h"

#include "base/files.h"

namespace pare {
namespace {

// TensorBoard reads files with "tfevents" in their names, in the order of the names.
constexpr std::string_view kFirst = "events.out.tfevents.", kLast = ".pare";

// The event files of earlier runs.
std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kFirst) && name.ends_with(kLast)) found.push_back(entry.path());
  }
  return found;
}

// The numbers of an epoch, each under its name.
std::vector<LoggedValue> numbers_of(const EpochRecord& record) {
  std::vector<LoggedValue> values{{"loss", record.progress.loss}};
  if (record.progress.accuracy) values.push_back({"accuracy", *record.progress.accuracy});
  if (record.score) values.push_back({"validation", *record.score});
  values.push_back({"rate", record.rate});
  values.push_back({"samples_per_second", record.progress.samples_per_second()});
  return values;
}

std::string cell(const std::optional<double>& number) { return number ? fmt::format("{}", *number) : ""; }

std::string table_of(std::span<const EpochRecord> epochs) {
  std::string text = "epoch,loss,accuracy,validation,rate,seconds,samples_per_second\n";
  for (const EpochRecord& each : epochs)
    text += fmt::format("{},{},{},{},{},{:.3f},{:.1f}\n", each.progress.epoch, each.progress.loss,
                        cell(each.progress.accuracy), cell(each.score), each.rate, each.progress.seconds,
                        each.progress.samples_per_second());
  return text;
}

}  // namespace

Expected<TrainingLog> TrainingLog::open(const std::filesystem::path& folder, std::vector<EpochRecord> over) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return Failure(Error{ErrorCode::Io, fmt::format("cannot make the folder of the log: {}", failed.message()),
                         folder.string(), nullptr});
  std::vector<std::filesystem::path> earlier = event_files(folder);
  if (over.empty()) {
    for (const auto& each : earlier) std::filesystem::remove(each, failed);
    earlier.clear();
  }
  // The table first: where the folder takes no file, nothing else is tried.
  std::filesystem::path table = folder / "epochs.csv";
  PARE_TRY(write_file(table, table_of(over)));
  const auto next = static_cast<int64_t>(over.size()) + 1;
  PARE_ASSIGN(EventFile events,
              EventFile::create(folder / fmt::format("{}{:04}{}", kFirst, earlier.size() + 1, kLast), next));
  return TrainingLog(std::move(table), std::move(over), std::move(events));
}

Expected<void> TrainingLog::add(const EpochRecord& record, std::span<const NamedTensor> weights) {
  epochs_.push_back(record);
  PARE_TRY(write_file(table_, table_of(epochs_)));
  std::vector<LoggedValue> values = numbers_of(record);
  for (const NamedTensor& each : weights)
    values.push_back({"weights/" + each.name, histogram_of(each.tensor.values<float>())});
  return events_.append(record.progress.epoch, values);
}

}  // namespace pare
