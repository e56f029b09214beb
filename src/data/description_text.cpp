// The text form of a description: keys that differ from their defaults.
#include <filesystem>

#include "base/files.h"
#include "data/description.h"

namespace pare {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", c);
    else
      out += c;
  }
  return out + '"';
}
std::string value(const std::string& text) { return in_quotes(text); }
std::string value(bool truth) { return truth ? "true" : "false"; }
std::string value(int64_t number) { return fmt::format("{}", number); }
std::string value(double number) { return fmt::format("{:#}", number); }
std::string value(float number) { return fmt::format("{:#}", number); }
std::string value(std::pair<int64_t, int64_t> range) { return fmt::format("[{}, {}]", range.first, range.second); }
template <NamedEnum E>
std::string value(E name) {
  return in_quotes(to_string(name));
}
std::string value(DType dtype) { return in_quotes(to_string(dtype)); }
template <class T>
std::string value(const std::vector<T>& list) {
  std::string out = "[";
  for (size_t i = 0; i < list.size(); ++i) out += (i == 0 ? "" : ", ") + value(list[i]);
  return out + "]";
}

class TableWriter {
 public:
  explicit TableWriter(std::string title) : title_(std::move(title)) {}

  template <class T>
  void write(std::string_view key, const T& present, const T& standard) {
    if (!(present == standard)) body_ += fmt::format("{} = {}\n", key, value(present));
  }
  template <class T>
  void write(std::string_view key, const std::optional<T>& present) {
    if (present) body_ += fmt::format("{} = {}\n", key, value(*present));
  }
  std::string text(bool even_if_empty = false) const {
    return body_.empty() && !even_if_empty ? "" : fmt::format("\n[{}]\n{}", title_, body_);
  }

 private:
  std::string title_, body_;
};

std::string shortened(const std::string& path, const std::filesystem::path& folder) {
  const std::filesystem::path whole(path);
  // Names inside an archive or folder are no paths of this file system.
  if (path.empty() || whole.is_relative()) return path;
  return whole.lexically_proximate(std::filesystem::absolute(folder).lexically_normal()).string();
}

void write_source(TableWriter& out, const SourceDescription& source, const SourceDescription& standard,
                  const std::filesystem::path& folder) {
  out.write("kind", std::optional(source.kind));
  out.write("path", shortened(source.path, folder), shortened(standard.path, folder));
  out.write("labels", shortened(source.labels, folder), shortened(standard.labels, folder));
  out.write("x", source.x, standard.x);
  out.write("y", source.y, standard.y);
  out.write("dtype", source.dtype, standard.dtype);
  out.write("shape", source.shape, standard.shape);
  out.write("channels_first", source.channels_first, standard.channels_first);
  out.write("step", source.step, standard.step);
  out.write("color", source.color, standard.color);
  out.write("header", source.header, standard.header);
  out.write("columns", source.columns, standard.columns);
  out.write("file_column", source.file_column, standard.file_column);
  out.write("label_column", source.label_column, standard.label_column);
}

std::string preprocessing_text(const Preprocessing& steps) {
  const Preprocessing standard;
  TableWriter out("preprocess");
  out.write("resize", steps.resize, standard.resize);
  out.write("resize_short", steps.resize_short, standard.resize_short);
  out.write("filter", steps.filter, standard.filter);
  out.write("crop", steps.crop, standard.crop);
  out.write("mirror", steps.mirror, standard.mirror);
  out.write("zero_point", steps.zero_point, standard.zero_point);
  out.write("scale", steps.scale, standard.scale);
  out.write("offset", steps.offset, standard.offset);
  out.write("mean", steps.mean, standard.mean);
  out.write("std", steps.deviation, standard.deviation);
  out.write("shape", steps.shape, standard.shape);
  out.write("keep_type", steps.keep_type, standard.keep_type);
  return out.text();
}

std::string sound_text(const SoundSteps& steps) {
  const SoundSteps standard;
  TableWriter out("sound");
  out.write("rate", steps.rate, standard.rate);
  out.write("seconds", steps.seconds, standard.seconds);
  out.write("features", steps.features, standard.features);
  out.write("window_ms", steps.window_ms, standard.window_ms);
  out.write("hop_ms", steps.hop_ms, standard.hop_ms);
  out.write("fft", steps.fft, standard.fft);
  out.write("mels", steps.mels, standard.mels);
  out.write("lowest_hz", steps.lowest_hz, standard.lowest_hz);
  out.write("highest_hz", steps.highest_hz, standard.highest_hz);
  out.write("coefficients", steps.coefficients, standard.coefficients);
  return out.text();
}

std::string augmentation_text(const Augmentation& steps) {
  const Augmentation standard;
  TableWriter out("augment");
  out.write("flip", steps.flip, standard.flip);
  out.write("pad_crop", steps.pad_crop, standard.pad_crop);
  out.write("shift", steps.shift, standard.shift);
  out.write("rotation", steps.rotation, standard.rotation);
  out.write("zoom", steps.zoom, standard.zoom);
  out.write("brightness", steps.brightness, standard.brightness);
  out.write("contrast", steps.contrast, standard.contrast);
  out.write("saturation", steps.saturation, standard.saturation);
  out.write("cutout", steps.cutout, standard.cutout);
  out.write("time_shift", steps.time_shift, standard.time_shift);
  out.write("gain", steps.gain, standard.gain);
  out.write("noise", steps.noise, standard.noise);
  out.write("mixup", steps.mixup, standard.mixup);
  out.write("fill", steps.fill);
  return out.text();
}

}  // namespace

std::string to_toml(const Description& description, const std::filesystem::path& folder) {
  std::string text = fmt::format("name = {}\n", in_quotes(description.name));
  if (description.source) {
    TableWriter out("source");
    write_source(out, *description.source, {}, folder);
    text += out.text();
  }
  text += sound_text(description.preprocessing.sound);
  text += preprocessing_text(description.preprocessing);
  text += augmentation_text(description.augmentation);
  TableWriter target("target");
  target.write("kind", description.target.kind);
  if (description.target.names.empty()) target.write("classes", description.target.classes, int64_t{0});
  target.write("names", description.target.names, {});
  target.write("offset", description.target.offset, int64_t{0});
  text += target.text();
  if (description.splits.empty()) return text;
  text += fmt::format("\n[splits]\nseed = {}\n", static_cast<int64_t>(description.seed));
  for (const SplitDescription& split : description.splits) {
    TableWriter out(fmt::format("splits.{}", to_string(split.split)));
    if (split.source) write_source(out, *split.source, description.source.value_or(SourceDescription{}), folder);
    out.write("range", split.range);
    out.write("fraction", split.fraction);
    out.write("samples", split.samples, {});
    out.write("mirror", split.mirror, false);
    out.write("overlap", split.overlap, false);
    text += out.text(true);
  }
  return text;
}

Expected<void> write_description(const Description& description, const std::filesystem::path& path) {
  if (path.extension() != ".toml")
    return usage_error("'{}' has the ending '{}'; a description is written as .toml", path.string(),
                       path.extension().string());
  return write_file(path, to_toml(description, std::filesystem::absolute(path).parent_path()));
}

}  // namespace pare
