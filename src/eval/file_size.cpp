#include "eval/file_size.h"

#include <zlib.h>

#include <array>

#include "base/check.h"
#include "base/files.h"

namespace pare {

int64_t gzip_size(std::span<const std::byte> bytes) {
  int64_t size = 0;
  z_stream stream{};
  constexpr int kGzip = 15 + 16, kMemoryLevel = 8;  // the largest window, with gzip's header and trailer
  PARE_CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK);
  constexpr size_t kPiece = size_t{1} << 30;  // zlib counts in 32 bits
  std::array<Bytef, 64 * 1024> out;
  size_t at = 0;
  do {
    const size_t piece = std::min(kPiece, bytes.size() - at);
    stream.next_in = reinterpret_cast<z_const Bytef*>(const_cast<std::byte*>(bytes.data()) + at);
    stream.avail_in = static_cast<uInt>(piece);
    at += piece;
    do {
      stream.next_out = out.data();
      stream.avail_out = static_cast<uInt>(out.size());
      deflate(&stream, at == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
      size += static_cast<int64_t>(out.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  } while (at < bytes.size());
  deflateEnd(&stream);
  return size;
}

Expected<FileSize> measure_file_size(const std::filesystem::path& path) {
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_file(path));
  return FileSize{std::ssize(bytes), gzip_size(bytes)};
}

}  // namespace pare
