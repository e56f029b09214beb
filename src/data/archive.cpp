#include "data/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>

#include "base/check.h"

namespace pare {
namespace {

struct FreeReader {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
struct FreeWriter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Reader = std::unique_ptr<archive, FreeReader>;
using Writer = std::unique_ptr<archive, FreeWriter>;
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

bool begins_with(std::span<const std::byte> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

std::string reason(archive* handle) {
  const char* text = archive_error_string(handle);
  return text == nullptr ? "unknown damage" : text;
}

Failure not_an_archive(archive* reader) {
  return bad_input("not a tar or zip archive, or a damaged one ({})", reason(reader));
}
Failure damaged_stream(archive* reader) { return bad_input("the compressed data are damaged ({})", reason(reader)); }

// Appends the data of the current entry; `total` counts over all entries.
Expected<void> append_data(archive* reader, std::vector<std::byte>& out, uint64_t& total, const UnpackLimits& limits) {
  std::array<std::byte, 64 * 1024> chunk;
  for (;;) {
    const la_ssize_t got = archive_read_data(reader, chunk.data(), chunk.size());
    if (got < 0) return damaged_stream(reader);
    if (got == 0) return {};
    total += static_cast<uint64_t>(got);
    if (total > limits.bytes)
      return bad_input("the file unpacks to more than {} bytes, the most that is accepted; unpack it first",
                       limits.bytes);
    out.insert(out.end(), chunk.begin(), chunk.begin() + got);
  }
}

enum class Content { Stream, Files };

Reader new_reader(Content content) {
  Reader reader(archive_read_new());
  PARE_CHECK(reader != nullptr);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  if (content == Content::Stream) {
    archive_read_support_format_raw(reader.get());
  } else {
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip(reader.get());
  }
  return reader;
}

Expected<Reader> open_reader(std::span<const std::byte> packed, Content content) {
  Reader reader = new_reader(content);
  if (archive_read_open_memory(reader.get(), packed.data(), packed.size()) != ARCHIVE_OK)
    return content == Content::Files ? not_an_archive(reader.get()) : damaged_stream(reader.get());
  return reader;
}

Expected<std::vector<ArchiveEntry>> read_entries(archive* reader, uint64_t packed_bytes, const UnpackLimits& limits) {
  // A claimed size is not trusted beyond what arrays usually shrink to.
  const uint64_t most_reserved = (uint64_t{1} << 20) + 8 * packed_bytes;
  std::vector<ArchiveEntry> entries;
  uint64_t total = 0;
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader, &entry);
    if (status == ARCHIVE_EOF) return entries;
    if (status < ARCHIVE_WARN) return bad_input("the archive is damaged ({})", reason(reader));
    // The type may be unset in a zip that was written as a stream.
    if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != 0) continue;
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return bad_input("entry {} of the archive has no readable name", entries.size());
    if (static_cast<int64_t>(entries.size()) >= limits.entries)
      return bad_input("the archive has more than {} entries", limits.entries);
    entries.push_back({name, {}});
    std::vector<std::byte>& bytes = entries.back().bytes;
    const uint64_t claimed = archive_entry_size_is_set(entry) != 0
                                 ? static_cast<uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)))
                                 : 0;
    bytes.reserve(std::min({claimed, limits.bytes, most_reserved}));
    if (auto appended = append_data(reader, bytes, total, limits); !appended)
      return Failure(appended.error().within(fmt::format("entry '{}'", entries.back().name)));
    if (bytes.capacity() > 2 * bytes.size()) bytes.shrink_to_fit();
  }
}

}  // namespace

bool is_compressed(std::span<const std::byte> bytes) {
  return begins_with(bytes, "\x1f\x8b") || begins_with(bytes, std::string_view("\xFD"
                                                                               "7zXZ\0",
                                                                               6));
}

Expected<std::vector<std::byte>> decompress(std::span<const std::byte> packed, const UnpackLimits& limits) {
  PARE_ASSIGN(const Reader reader, open_reader(packed, Content::Stream));
  archive_entry* entry = nullptr;
  if (archive_read_next_header(reader.get(), &entry) < ARCHIVE_WARN) return damaged_stream(reader.get());
  // Where no filter took the stream, libarchive would hand the bytes on as they are.
  if (archive_filter_count(reader.get()) < 2)
    return bad_input("the compressed data are damaged (no valid gzip or xz header)");
  std::vector<std::byte> out;
  uint64_t total = 0;
  PARE_TRY(append_data(reader.get(), out, total, limits));
  return out;
}

Expected<std::vector<ArchiveEntry>> unpack(std::span<const std::byte> packed, const UnpackLimits& limits) {
  PARE_ASSIGN(const Reader reader, open_reader(packed, Content::Files));
  return read_entries(reader.get(), packed.size(), limits);
}

Expected<std::vector<ArchiveEntry>> unpack_file(const std::filesystem::path& path, const UnpackLimits& limits) {
  constexpr size_t kBlock = 1 << 20;
  const Reader reader = new_reader(Content::Files);
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlock) != ARCHIVE_OK)
    return archive_errno(reader.get()) == ENOENT ? fail(ErrorCode::Io, "{}", reason(reader.get()))
                                                 : not_an_archive(reader.get());
  std::error_code unknown;
  const uint64_t packed_bytes = std::filesystem::file_size(path, unknown);
  return read_entries(reader.get(), unknown ? 0 : packed_bytes, limits);
}

std::optional<std::vector<StoredEntry>> stored_entries(const std::filesystem::path& path) {
  // The reader of streams goes from one local header to the next and says where each begins.
  const Reader reader(archive_read_new());
  PARE_CHECK(reader != nullptr);
  archive_read_support_format_zip_streamable(reader.get());
  std::ifstream file(path, std::ios::binary);
  if (!file || archive_read_open_filename(reader.get(), path.c_str(), 1 << 16) != ARCHIVE_OK) return std::nullopt;
  std::vector<StoredEntry> entries;
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return entries.empty() ? std::nullopt : std::optional(std::move(entries));
    const char* name = status == ARCHIVE_OK ? archive_entry_pathname(entry) : nullptr;
    if (name == nullptr || archive_entry_size_is_set(entry) == 0 || archive_entry_size(entry) < 0) return std::nullopt;
    // A local header (PKWARE APPNOTE, 4.3.7): flags at 6, method at 8, lengths of name and extra field at 26 and 28, 30 bytes in all.
    std::array<uint8_t, 30> header{};
    const auto position = static_cast<uint64_t>(archive_read_header_position(reader.get()));
    if (!file.seekg(static_cast<std::streamoff>(position)) ||
        !file.read(reinterpret_cast<char*>(header.data()), header.size()))
      return std::nullopt;
    const auto field = [&](size_t at) { return static_cast<uint64_t>(header[at] | header[at + 1] << 8); };
    constexpr uint64_t kEncrypted = 1, kStored = 0;
    if ((field(6) & kEncrypted) != 0 || field(8) != kStored) return std::nullopt;
    entries.push_back(
        {name, position + header.size() + field(26) + field(28), static_cast<uint64_t>(archive_entry_size(entry))});
  }
}

Expected<std::vector<std::byte>> pack_zip(std::span<const ArchiveEntry> entries) {
  std::vector<std::byte> packed;
  const auto append = [](archive*, void* target, const void* bytes, size_t size) -> la_ssize_t {
    auto* out = static_cast<std::vector<std::byte>*>(target);
    const auto* from = static_cast<const std::byte*>(bytes);
    out->insert(out->end(), from, from + size);
    return static_cast<la_ssize_t>(size);
  };
  const Writer writer(archive_write_new());
  PARE_CHECK(writer != nullptr);
  archive_write_set_format_zip(writer.get());
  archive_write_set_format_option(writer.get(), "zip", "compression", "store");
  archive_write_set_bytes_in_last_block(writer.get(), 1);  // no padding behind the directory
  PARE_CHECK(archive_write_open(writer.get(), &packed, nullptr, append, nullptr) == ARCHIVE_OK, "{}",
             reason(writer.get()));
  for (const ArchiveEntry& each : entries) {
    const Entry entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), each.name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(each.bytes.size()));
    archive_entry_set_mtime(entry.get(), 0, 0);  // no date: equal arrays give equal files
    if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK)
      return bad_input("cannot be packed ({})", reason(writer.get()));
    const la_ssize_t written = archive_write_data(writer.get(), each.bytes.data(), each.bytes.size());
    if (written != static_cast<la_ssize_t>(each.bytes.size()))
      return bad_input("cannot be packed ({})", reason(writer.get()));
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return bad_input("cannot be packed ({})", reason(writer.get()));
  return packed;
}

}  // namespace pare
