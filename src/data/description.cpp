#include "data/description.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/files.h"
#include "data/toml_reader.h"

namespace pare {
namespace {

// Replaces ${NAME} and ${NAME:-default} by the environment and puts relative paths below the folder.
Expected<void> resolve(std::string& path, const std::filesystem::path& folder) {
  if (path.empty()) return {};
  for (size_t at = path.find("${"); at != std::string::npos; at = path.find("${", at)) {
    const size_t end = path.find('}', at);
    if (end == std::string::npos) return bad_input("'{}' has a ${{ without a }}", path);
    const std::string inside = path.substr(at + 2, end - at - 2);
    const size_t mark = inside.find(":-");
    const std::string name = inside.substr(0, mark);
    const char* found = std::getenv(name.c_str());
    if (found == nullptr && mark == std::string::npos)
      return bad_input("the path '{}' needs the environment variable {}, which is not set", path, name);
    const std::string value = found != nullptr ? found : inside.substr(mark + 2);
    path.replace(at, end + 1 - at, value);
    at += value.size();
  }
  if (path.find("${") != std::string::npos)
    return bad_input("the path '{}' still holds a ${{ after its variables were replaced; they cannot be nested", path);
  path = (folder / path).lexically_normal().string();
  return {};
}

Expected<void> read_extents(TableReader& reader, std::string_view key, std::vector<int64_t>& out, size_t count) {
  PARE_TRY(reader.read(key, out));
  const bool valid = std::all_of(out.begin(), out.end(), [](int64_t extent) { return extent > 0; }) &&
                     Shape(out).checked_elements().has_value();
  if (!valid || (count != 0 && !out.empty() && out.size() != count))
    return bad_input("'{}' must be {} positive sizes, found [{}]", key,
                     count == 0 ? "a list of" : std::to_string(count), fmt::join(out, ", "));
  return {};
}

Expected<void> read_source(TableReader& reader, SourceDescription& source, const std::filesystem::path& folder) {
  const bool own_path = reader.has("path"), own_labels = reader.has("labels");
  PARE_TRY(reader.read("kind", source.kind));
  PARE_TRY(reader.read("path", source.path));
  PARE_TRY(reader.read("labels", source.labels));
  PARE_TRY(reader.read("x", source.x));
  PARE_TRY(reader.read("y", source.y));
  PARE_TRY(reader.read("dtype", source.dtype));
  PARE_TRY(read_extents(reader, "shape", source.shape, 0));
  PARE_TRY(reader.read("channels_first", source.channels_first));
  PARE_TRY(reader.read("step", source.step));
  PARE_TRY(reader.read("color", source.color));
  PARE_TRY(reader.read("header", source.header));
  PARE_TRY(reader.read("columns", source.columns));
  PARE_TRY(reader.read("file_column", source.file_column));
  PARE_TRY(reader.read("label_column", source.label_column));
  if (source.step < 0) return bad_input("'step' must not be negative");
  if (own_path) PARE_TRY(resolve(source.path, folder));
  source.kind_stated = source.kind_stated || reader.has("kind");
  if (own_path && !source.kind_stated) {
    const std::optional<SourceKind> told = kind_by_name(source.path);
    if (!told)
      return bad_input("the name '{}' does not tell what it is; say it by 'kind', one of: {}", source.path,
                       fmt::join(EnumNames<SourceKind>::names, ", "));
    source.kind = *told;
  }
  // Labels of folders and archives may lie inside them; those names are left as they are.
  const bool names_entry =
      source.kind == SourceKind::RawFiles || source.kind == SourceKind::Images || source.kind == SourceKind::Sounds;
  if (own_labels && !(names_entry && source.labels.find('/') == std::string::npos))
    PARE_TRY(resolve(source.labels, folder));
  return {};
}

Expected<Preprocessing> read_preprocessing(const toml::table& table) {
  TableReader reader(table, "[preprocess]");
  Preprocessing steps;
  PARE_TRY(read_extents(reader, "resize", steps.resize, 2));
  PARE_TRY(reader.read("resize_short", steps.resize_short));
  PARE_TRY(reader.read("filter", steps.filter));
  PARE_TRY(read_extents(reader, "crop", steps.crop, 2));
  PARE_TRY(reader.read("mirror", steps.mirror));
  PARE_TRY(reader.read("zero_point", steps.zero_point));
  PARE_TRY(reader.read("scale", steps.scale));
  PARE_TRY(reader.read("offset", steps.offset));
  PARE_TRY(reader.read("mean", steps.mean));
  PARE_TRY(reader.read("std", steps.deviation));
  PARE_TRY(read_extents(reader, "shape", steps.shape, 0));
  PARE_TRY(reader.read("keep_type", steps.keep_type));
  PARE_TRY(reader.finish());
  constexpr int64_t kLargestSide = 1 << 14;
  for (const int64_t side : {steps.resize_short, steps.resize.empty() ? 0 : std::max(steps.resize[0], steps.resize[1])})
    if (side < 0 || side > kLargestSide)
      return bad_input("images are resized to at most {} pixels a side, {} were asked for", kLargestSide, side);
  if (std::find(steps.deviation.begin(), steps.deviation.end(), 0.0f) != steps.deviation.end())
    return bad_input("'std' in [preprocess] must not be 0");
  const bool has_values =
      steps.zero_point != 0 || steps.scale != 1 || steps.offset != 0 || !steps.mean.empty() || !steps.deviation.empty();
  if (steps.keep_type && has_values)
    return bad_input("'keep_type' leaves the values as they are; remove it or the scaling beside it");
  return steps;
}

Expected<SoundSteps> read_sound(const toml::table& table) {
  TableReader reader(table, "[sound]");
  SoundSteps steps;
  PARE_TRY(reader.read("rate", steps.rate));
  PARE_TRY(reader.read("seconds", steps.seconds));
  PARE_TRY(reader.read("features", steps.features));
  PARE_TRY(reader.read("window_ms", steps.window_ms));
  PARE_TRY(reader.read("hop_ms", steps.hop_ms));
  PARE_TRY(reader.read("fft", steps.fft));
  PARE_TRY(reader.read("mels", steps.mels));
  PARE_TRY(reader.read("lowest_hz", steps.lowest_hz));
  PARE_TRY(reader.read("highest_hz", steps.highest_hz));
  PARE_TRY(reader.read("coefficients", steps.coefficients));
  PARE_TRY(reader.finish());
  PARE_TRY(check_sound_steps(steps));
  return steps;
}

Expected<Augmentation> read_augmentation(const toml::table& table) {
  TableReader reader(table, "[augment]");
  Augmentation steps;
  struct Amount {
    std::string_view key;
    float& value;
    double highest;
  };
  constexpr double kAny = std::numeric_limits<float>::max();
  for (const Amount& amount :
       {Amount{"flip", steps.flip, 1}, Amount{"shift", steps.shift, 1}, Amount{"rotation", steps.rotation, 180},
        Amount{"zoom", steps.zoom, 0.9}, Amount{"brightness", steps.brightness, kAny},
        Amount{"contrast", steps.contrast, 1}, Amount{"saturation", steps.saturation, 1},
        Amount{"time_shift", steps.time_shift, 1}, Amount{"gain", steps.gain, 1}, Amount{"noise", steps.noise, kAny},
        Amount{"mixup", steps.mixup, 1000}}) {
    PARE_TRY(reader.read(amount.key, amount.value));
    if (amount.value < 0)
      return bad_input("'{}' in [augment] is {}; it must not be negative", amount.key, amount.value);
    if (amount.value > static_cast<float>(amount.highest))
      return bad_input("'{}' in [augment] is {}; at most {} was expected", amount.key, amount.value, amount.highest);
  }
  constexpr int64_t kMostPixels = 1 << 14;
  for (const auto& [key, pixels] : {std::pair("pad_crop", &steps.pad_crop), std::pair("cutout", &steps.cutout)}) {
    PARE_TRY(reader.read(key, *pixels));
    if (*pixels < 0 || *pixels > kMostPixels)
      return bad_input("'{}' in [augment] is {}; 0 to {} pixels were expected", key, *pixels, kMostPixels);
  }
  PARE_TRY(reader.read("fill", steps.fill));
  PARE_TRY(reader.finish());
  return steps;
}

Expected<TargetDescription> read_target(const toml::table& table) {
  TableReader reader(table, "[target]");
  TargetDescription target;
  PARE_TRY(reader.read("kind", target.kind));
  PARE_TRY(reader.read("classes", target.classes));
  PARE_TRY(reader.read("names", target.names));
  PARE_TRY(reader.read("offset", target.offset));
  PARE_TRY(reader.finish());
  constexpr int64_t kMostClasses = 1'000'000'000;
  for (const int64_t number : {target.classes, target.offset})
    if (number < 0 || number > kMostClasses)
      return bad_input("'classes' and 'offset' in [target] must not be negative or above {}", kMostClasses);
  if (target.classes == 0) target.classes = static_cast<int64_t>(target.names.size());
  if (!target.names.empty() && target.classes != static_cast<int64_t>(target.names.size()))
    return bad_input("[target] has {} names for {} classes", target.names.size(), target.classes);
  return target;
}

Expected<SplitDescription> read_split(Split which, const toml::table& table,
                                      const std::optional<SourceDescription>& common,
                                      const std::filesystem::path& folder) {
  const std::string where = fmt::format("[splits.{}]", to_string(which));
  TableReader reader(table, where);
  SplitDescription split;
  split.split = which;
  SourceDescription own = common.value_or(SourceDescription{});
  PARE_TRY(read_source(reader, own, folder));
  if (!common || own != *common) split.source = own;
  if (split.source && split.source->path.empty()) return bad_input("{} has no 'path', and there is no [source]", where);
  PARE_TRY(reader.read("range", split.range));
  PARE_TRY(reader.read("fraction", split.fraction));
  PARE_TRY(reader.read("samples", split.samples));
  PARE_TRY(reader.read("mirror", split.mirror));
  PARE_TRY(reader.read("overlap", split.overlap));
  PARE_TRY(reader.finish());
  const int ways = (split.range ? 1 : 0) + (split.fraction ? 1 : 0) + (split.samples.empty() ? 0 : 1);
  if (ways > 1) return bad_input("{} has more than one of 'range', 'fraction' and 'samples'", where);
  if (split.fraction && !(*split.fraction > 0 && *split.fraction <= 1))
    return bad_input("'fraction' in {} must be above 0 and at most 1", where);
  if (split.fraction && split.source)
    return bad_input("'fraction' in {} divides the common [source]; the split has files of its own", where);
  return split;
}

Expected<void> read_splits(const toml::table& table, Description& description, const std::filesystem::path& folder) {
  TableReader reader(table, "[splits]");
  int64_t seed = 1;
  PARE_TRY(reader.read("seed", seed));
  description.seed = static_cast<uint64_t>(seed);
  double fractions = 0;
  for (const Split which : kAllSplits) {
    PARE_ASSIGN(const toml::table* inner, reader.table(to_string(which)));
    if (inner == nullptr) continue;
    PARE_ASSIGN(SplitDescription split, read_split(which, *inner, description.source, folder));
    fractions += split.fraction.value_or(0);
    description.splits.push_back(std::move(split));
  }
  if (fractions > 1 + 1e-9)
    return bad_input("the fractions of [splits] add up to {:.4g}, more than the whole", fractions);
  return reader.finish();
}

Expected<Description> from_table(const toml::table& table, const std::filesystem::path& folder) {
  TableReader reader(table, "the description");
  Description description;
  PARE_TRY(reader.read("name", description.name));
  PARE_ASSIGN(const toml::table* source, reader.table("source"));
  PARE_ASSIGN(const toml::table* sound, reader.table("sound"));
  PARE_ASSIGN(const toml::table* preprocess, reader.table("preprocess"));
  PARE_ASSIGN(const toml::table* augment, reader.table("augment"));
  PARE_ASSIGN(const toml::table* target, reader.table("target"));
  PARE_ASSIGN(const toml::table* splits, reader.table("splits"));
  PARE_TRY(reader.finish());
  if (source != nullptr) {
    TableReader source_reader(*source, "[source]");
    PARE_TRY(read_source(source_reader, description.source.emplace(), folder));
    PARE_TRY(source_reader.finish());
  }
  if (preprocess != nullptr) { PARE_ASSIGN(description.preprocessing, read_preprocessing(*preprocess)); }
  if (sound != nullptr) { PARE_ASSIGN(description.preprocessing.sound, read_sound(*sound)); }
  if (augment != nullptr) { PARE_ASSIGN(description.augmentation, read_augmentation(*augment)); }
  if (target != nullptr) { PARE_ASSIGN(description.target, read_target(*target)); }
  if (splits != nullptr) PARE_TRY(read_splits(*splits, description, folder));
  if (description.splits.empty() && (!description.source || description.source->path.empty()))
    return bad_input("the description names no samples: it needs a 'path' in [source] or in each of [splits.*]");
  for (const SplitDescription& split : description.splits)
    if (!split.source && (!description.source || description.source->path.empty()))
      return bad_input("[splits.{}] has no 'path', nor has [source]", to_string(split.split));
  return description;
}

}  // namespace

Expected<Description> parse_description(std::string_view text, const std::filesystem::path& folder) {
  try {
    return from_table(toml::parse(text), folder);
  } catch (const toml::parse_error& error) {
    return bad_input("line {}: {}", error.source().begin.line, error.description());
  }
}

Expected<Description> read_description(const std::filesystem::path& path) {
  constexpr uint64_t kLargest = uint64_t{16} << 20;
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_file(path, kLargest));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  PARE_ASSIGN_IN(Description description, parse_description(text, path.parent_path()), path.string());
  if (description.name.empty()) description.name = path.stem().string();
  return description;
}

}  // namespace pare
