// Any bytes as any kind of source: samples or an error. The first byte chooses the kind.
#include <algorithm>

#include "data/data_set.h"
#include "memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  const pare::fuzz::MemoryFile file(bytes);
  pare::Description description;
  pare::SourceDescription& source = description.source.emplace();
  source.kind = static_cast<pare::SourceKind>((data[0] & 0x7F) % pare::EnumNames<pare::SourceKind>::names.size());
  source.path = file.path();
  source.x.clear();
  if (source.kind == pare::SourceKind::Raw || source.kind == pare::SourceKind::RawFiles) source.shape = {2, 3};
  if (source.kind == pare::SourceKind::RawFiles) source.labels = "y_labels.csv";
  source.header = (data[0] & 0x80) != 0;
  const auto set = pare::DataSet::open(description);
  if (!set) return 0;
  const auto view = set->split(pare::Split::Test);
  if (!view) return 0;
  const pare::SampleSource samples = view->source();
  (void)samples.read(0, std::min<int64_t>(samples.count, 3));
  return 0;
}
