#include "formats/keras/zip_file.h"

#include <zip.h>

#include "base/files.h"

namespace pare {
namespace {

constexpr uint64_t kLargestRatio = 1100;  // deflate reaches about 1030 to 1

struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

struct ZipFile::State {
  explicit State(std::vector<std::byte> content) : bytes(std::move(content)) {}
  ~State() {
    if (archive != nullptr) zip_discard(archive);
  }
  State(const State&) = delete;
  std::vector<std::byte> bytes;  // read by the archive as long as it is open
  zip_t* archive = nullptr;
};

Expected<ZipFile> ZipFile::open(const std::filesystem::path& path) {
  PARE_ASSIGN(auto bytes, read_file(path));
  return from_bytes(std::move(bytes));
}

Expected<ZipFile> ZipFile::from_bytes(std::vector<std::byte> bytes) {
  auto state = std::make_shared<State>(std::move(bytes));
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(state->bytes.data(), state->bytes.size(), 0, &error);
  if (source != nullptr) state->archive = zip_open_from_source(source, ZIP_RDONLY, &error);
  const std::string reason = state->archive == nullptr ? zip_error_strerror(&error) : "";
  zip_error_fini(&error);
  if (state->archive == nullptr) {
    if (source != nullptr) zip_source_free(source);
    return bad_input("this is not a zip archive, or it is cut short ({})", reason);
  }
  return ZipFile(std::move(state));
}

bool ZipFile::has(const std::string& name) const { return zip_name_locate(state_->archive, name.c_str(), 0) >= 0; }

Expected<std::vector<std::byte>> ZipFile::read(const std::string& name, uint64_t limit) const {
  const zip_int64_t index = zip_name_locate(state_->archive, name.c_str(), 0);
  zip_stat_t stat;
  if (index < 0 || zip_stat_index(state_->archive, static_cast<zip_uint64_t>(index), 0, &stat) < 0 ||
      (stat.valid & ZIP_STAT_SIZE) == 0)
    return bad_input("the archive has no '{}'", name);
  const uint64_t stored = std::min<uint64_t>(stat.comp_size, state_->bytes.size());
  if (stat.size > limit || stat.size / kLargestRatio > stored)
    return bad_input("'{}' in the archive claims {} bytes of {} stored ones; the file is damaged or forged", name,
                     stat.size, stat.comp_size);
  const std::unique_ptr<zip_file_t, CloseEntry> file(
      zip_fopen_index(state_->archive, static_cast<zip_uint64_t>(index), 0));
  if (file == nullptr)
    return bad_input("'{}' in the archive cannot be opened: {}", name, zip_strerror(state_->archive));
  std::vector<std::byte> content(stat.size);
  uint64_t done = 0;
  while (done < content.size()) {
    const zip_int64_t got = zip_fread(file.get(), content.data() + done, content.size() - done);
    if (got <= 0)
      return bad_input("'{}' in the archive cannot be unpacked: {}", name,
                       got < 0 ? zip_file_strerror(file.get()) : "it is shorter than it claims");
    done += static_cast<uint64_t>(got);
  }
  std::byte beyond;  // reading to the end makes libzip compare the checksum
  if (zip_fread(file.get(), &beyond, 1) != 0)
    return bad_input("'{}' in the archive does not match its checksum; the file is damaged", name);
  return content;
}

}  // namespace pare
