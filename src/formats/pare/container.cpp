#include "formats/pare/container.h"

#include <zlib.h>

#include <cstring>
#include <set>

#include "base/plausible_shape.h"
#include "formats/keras/settings.h"

namespace pare {
namespace {

using keras::Json;

constexpr std::string_view kMagic("\x89PARE\r\n\x1a", 8);  // a transfer as text, or cut to seven bits, shows in it
constexpr uint32_t kVersion = 1;
constexpr uint64_t kAlignment = AlignedBytes::kAlignment;

// All numbers are little-endian, as on every machine that Pare runs on.
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t directory_checksum;
  uint64_t directory_size;
  uint64_t file_size;
  char unused[32];
};
static_assert(sizeof(Header) == kAlignment);

uint64_t aligned(uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

uint32_t checksum_of(std::span<const std::byte> bytes) {
  uLong sum = crc32(0, nullptr, 0);
  while (!bytes.empty()) {  // zlib counts in 32 bits
    const size_t part = std::min<size_t>(bytes.size(), size_t{1} << 30);
    sum = crc32(sum, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(part));
    bytes = bytes.subspan(part);
  }
  return static_cast<uint32_t>(sum);
}

std::span<const std::byte> bytes_of(const std::variant<std::string, Tensor>& section) {
  if (const auto* text = std::get_if<std::string>(&section)) return std::as_bytes(std::span(*text));
  return std::get<Tensor>(section).bytes();
}

Expected<std::string> dump(const Json& json) {
  try {
    return json.dump();
  } catch (const Json::exception&) {
    return unsupported(
        "a name in the model is not UTF-8, which a .pare file cannot hold; rename it or write another format");
  }
}

}  // namespace

std::optional<Shape> shape_of(const Json& json) {
  if (!json.is_array()) return std::nullopt;
  Shape shape;
  for (const Json& extent : json) {
    if (!extent.is_number_unsigned() || extent.get<uint64_t>() > uint64_t{kMostElements}) return std::nullopt;
    shape.push_back(extent.get<int64_t>());
  }
  return shape;
}

Expected<std::vector<std::byte>> PareContainerWriter::bytes() const {
  struct Place {
    uint64_t offset;
    std::span<const std::byte> content;
  };
  std::vector<Place> places;  // offsets from the start of the data, which depends on the size of the directory
  std::map<const void*, uint64_t> stored;
  uint64_t end = 0;
  Json directory = Json::array();
  for (const auto& [name, section] : sections_) {
    const auto content = bytes_of(section);
    const auto* tensor = std::get_if<Tensor>(&section);
    uint64_t offset = aligned(end);
    const auto twin = tensor == nullptr ? stored.end() : stored.find(tensor->identity());
    if (twin != stored.end()) {
      offset = twin->second;
    } else {
      places.push_back({offset, content});
      end = offset + content.size();
      if (tensor != nullptr) stored.emplace(tensor->identity(), offset);
    }
    Json entry{{"name", name}, {"offset", offset}, {"size", content.size()}, {"crc32", checksum_of(content)}};
    entry["type"] = tensor == nullptr ? "text" : std::string(to_string(tensor->dtype()));
    if (tensor != nullptr) entry["shape"] = tensor->shape().dims();
    directory.push_back(std::move(entry));
  }
  PARE_ASSIGN(const std::string text, dump(directory));
  const uint64_t data_start = aligned(sizeof(Header) + text.size());
  std::vector<std::byte> bytes(data_start + end);
  Header header{};
  std::memcpy(header.magic, kMagic.data(), kMagic.size());
  header.version = kVersion;
  header.directory_checksum = checksum_of(std::as_bytes(std::span(text)));
  header.directory_size = text.size();
  header.file_size = bytes.size();
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, text.data(), text.size());
  for (const Place& place : places)
    if (!place.content.empty())
      std::memcpy(bytes.data() + data_start + place.offset, place.content.data(), place.content.size());
  return bytes;
}

Expected<PareContainer> PareContainer::open(std::span<const std::byte> bytes, Checksums checksums) {
  Header header;
  if (bytes.size() < sizeof header) return bad_input("the file has {} bytes, it is cut short", bytes.size());
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::string_view(header.magic, sizeof header.magic) != kMagic) return bad_input("this is not a .pare file");
  if (header.version != kVersion)
    return unsupported("the file has version {}, this program reads version {}; use a newer one", header.version,
                       kVersion);
  if (header.file_size != bytes.size())
    return bad_input("the file has {} bytes, {} were written; it is cut short or damaged", bytes.size(),
                     header.file_size);
  if (header.directory_size > bytes.size() - sizeof header)
    return bad_input("the directory claims {} bytes of a file with {}; it is damaged", header.directory_size,
                     bytes.size());
  const auto directory = bytes.subspan(sizeof header, header.directory_size);
  if (checksums == Checksums::Compare && checksum_of(directory) != header.directory_checksum)
    return bad_input("the directory does not match its checksum; the file is damaged");
  PareContainer container(bytes, checksums);
  PARE_TRY(container.read_directory({reinterpret_cast<const char*>(directory.data()), directory.size()},
                                    aligned(sizeof header + header.directory_size)));
  return container;
}

Expected<void> PareContainer::read_directory(std::string_view json, uint64_t data_start) {
  PARE_ASSIGN_IN(const Json directory, keras::parse_json(json), "directory");
  if (!directory.is_array()) return bad_input("the directory is not a list");
  std::set<std::pair<uint64_t, uint64_t>> stored;
  uint64_t end = data_start;
  const auto whole = [](const Json& entry, const char* key) -> std::optional<uint64_t> {
    const auto found = entry.find(key);
    if (found == entry.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<uint64_t>();
  };
  for (const Json& entry : directory) {
    if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string() || !entry.contains("type") ||
        !entry["type"].is_string())
      return bad_input("the directory holds an entry without name and type");
    const std::string name = entry["name"].get<std::string>(), type = entry["type"].get<std::string>();
    const auto offset = whole(entry, "offset"), size = whole(entry, "size"), checksum = whole(entry, "crc32");
    if (!offset || !size || !checksum || *offset > bytes_.size() || *size > bytes_.size())
      return bad_input("section '{}' has no place in the file", name);
    Section section{.is_text = type == "text", .offset = data_start + *offset, .size = *size};
    section.checksum = static_cast<uint32_t>(*checksum);
    const std::pair place(section.offset, section.size);
    if (!stored.contains(place)) {  // else it is stored once for several
      if (section.offset != aligned(end) && section.size > 0)
        return bad_input("section '{}' lies at {}, {} was expected", name, section.offset, aligned(end));
      if (section.offset > bytes_.size() || section.size > bytes_.size() - section.offset)
        return bad_input("section '{}' ends behind the file", name);
      if (section.size > 0) end = section.offset + section.size;
      stored.insert(place);
    }
    if (!section.is_text) {
      const std::optional<DType> dtype = parse_dtype(type);
      if (!dtype || *dtype == DType::String) return bad_input("section '{}' has the unknown type '{}'", name, type);
      section.dtype = *dtype;
      const std::optional<Shape> shape = shape_of(entry.value("shape", Json()));
      if (!shape) return bad_input("section '{}' has no shape", name);
      section.shape = *shape;
      const auto elements = section.shape.checked_elements();
      if (!elements || storage_bytes(section.dtype, *elements) != section.size)
        return bad_input("section '{}' has {} bytes, which {}{} does not take", name, section.size, type,
                         section.shape.to_string());
    }
    if (!sections_.emplace(name, std::move(section)).second) return bad_input("two sections are called '{}'", name);
  }
  return {};
}

std::vector<std::string> PareContainer::names_below(const std::string& prefix) const {
  std::vector<std::string> names;
  for (auto at = sections_.lower_bound(prefix); at != sections_.end() && at->first.starts_with(prefix); ++at)
    names.push_back(at->first.substr(prefix.size()));
  return names;
}

Expected<const PareContainer::Section*> PareContainer::find(const std::string& name, bool is_text) const {
  const auto found = sections_.find(name);
  if (found == sections_.end()) return bad_input("the file has no section '{}'", name);
  if (found->second.is_text != is_text)
    return bad_input("section '{}' is {}, {} was expected", name, is_text ? "an array" : "text",
                     is_text ? "text" : "an array");
  return &found->second;
}

Expected<std::span<const std::byte>> PareContainer::content(const std::string& name, const Section& section) const {
  const auto bytes = bytes_.subspan(section.offset, section.size);
  if (checksums_ == Checksums::Compare && checksum_of(bytes) != section.checksum)
    return bad_input("section '{}' does not match its checksum; the file is damaged", name);
  return bytes;
}

bool PareContainer::is_text(const std::string& name) const {
  const auto found = sections_.find(name);
  return found != sections_.end() && found->second.is_text;
}

Expected<std::string> PareContainer::text(const std::string& name) const {
  PARE_ASSIGN(const Section* section, find(name, true));
  PARE_ASSIGN(const auto bytes, content(name, *section));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Expected<Tensor> PareContainer::tensor(const std::string& name) {
  PARE_ASSIGN(const Section* section, find(name, false));
  const std::pair place(section->offset, section->dtype);
  const auto twin = made_.find(place);
  if (section->size > 0 && twin != made_.end() && twin->second.elements() == section->shape.elements())
    return twin->second.reshaped(section->shape);
  PARE_ASSIGN(const auto bytes, content(name, *section));
  if (section->dtype == DType::Bool && std::ranges::any_of(bytes, [](std::byte b) { return b > std::byte{1}; }))
    return bad_input("section '{}' holds a boolean that is neither 0 nor 1", name);
  Tensor tensor(section->dtype, section->shape, bytes);
  made_.insert_or_assign(place, tensor);
  return tensor;
}

}  // namespace pare
