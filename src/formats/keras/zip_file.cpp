#include "formats/keras/zip_file.h"

#include <zip.h>

#include "base/files.h"

namespace pare {
namespace {

constexpr uint64_t kLargestRatio = 1100;  // deflate reaches about 1030 to 1

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};

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

Expected<std::vector<std::byte>> make_zip(const std::vector<ZipEntry>& entries) {
  constexpr zip_uint16_t kMidnight = 0, kFirstDay = (1 << 5) | 1;  // the first day that zip knows: 1980-01-01
  const auto failed = [](const char* reason) { return fail(ErrorCode::Internal, "libzip: {}", reason); };
  zip_error_t error;
  zip_error_init(&error);
  const std::unique_ptr<zip_source_t, FreeSource> memory(zip_source_buffer_create(nullptr, 0, 0, &error));
  if (memory == nullptr) return failed(zip_error_strerror(&error));
  zip_source_keep(memory.get());  // the archive frees one reference
  std::unique_ptr<zip_t, Discard> archive(zip_open_from_source(memory.get(), ZIP_CREATE | ZIP_TRUNCATE, &error));
  if (archive == nullptr) return failed(zip_error_strerror(&error));
  for (const ZipEntry& entry : entries) {
    zip_source_t* source = zip_source_buffer(archive.get(), entry.content.data(), entry.content.size(), 0);
    const zip_int64_t index = zip_file_add(archive.get(), entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      return failed(zip_strerror(archive.get()));
    }
    const auto at = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(archive.get(), at, ZIP_CM_STORE, 0) < 0 ||
        zip_file_set_dostime(archive.get(), at, kMidnight, kFirstDay, 0) < 0)
      return failed(zip_strerror(archive.get()));
  }
  if (zip_close(archive.get()) < 0) return failed(zip_strerror(archive.get()));
  (void)archive.release();
  zip_stat_t stat;
  if (zip_source_open(memory.get()) < 0 || zip_source_stat(memory.get(), &stat) < 0)
    return failed("the archive cannot be read back");
  std::vector<std::byte> bytes(stat.size);
  const zip_int64_t got = zip_source_read(memory.get(), bytes.data(), bytes.size());
  zip_source_close(memory.get());
  if (got != static_cast<zip_int64_t>(bytes.size())) return failed("the archive cannot be read back");
  return bytes;
}

}  // namespace pare
