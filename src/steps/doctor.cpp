#include "steps/doctor.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

#include "base/memory.h"
#include "base/parallel.h"
#include "engine/cpu.h"

namespace pare {
namespace {

namespace fs = std::filesystem;

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      if (const size_t at = line.find(": "); at != std::string::npos) return line.substr(at + 2);
  return "unknown";
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) names.emplace_back("AVX2");
  if (__builtin_cpu_supports("fma")) names.emplace_back("FMA");
  if (__builtin_cpu_supports("avx512f")) names.emplace_back("AVX-512");
  if (__builtin_cpu_supports("avx512vnni")) names.emplace_back("VNNI");
  if (__builtin_cpu_supports("avx512bf16")) names.emplace_back("bf16");
#endif
  return names;
}

fs::path find_peers(const fs::path& start) {
  std::error_code ignored;
  if (const char* named = std::getenv("PARE_PEERS"); named != nullptr)
    return fs::is_directory(named, ignored) ? fs::path(named) : fs::path();
  for (fs::path folder = fs::absolute(start, ignored);; folder = folder.parent_path()) {
    if (fs::is_directory(folder / ".venv-peers", ignored)) return folder / ".venv-peers";
    if (folder == folder.parent_path()) return {};
  }
}

// Installed packages leave a folder NAME-VERSION.dist-info beside them.
std::vector<PeerPackage> packages_in(const fs::path& environment) {
  static constexpr std::array kNames{"ai_edge_litert", "ai_edge_quantizer", "keras",
                                     "onnxruntime",    "tensorflow",        "tf_keras"};
  std::vector<PeerPackage> found;
  std::error_code error;
  for (fs::directory_iterator python(environment / "lib", error), end; !error && python != end;
       python.increment(error)) {
    std::error_code inner;
    for (fs::directory_iterator each(python->path() / "site-packages", inner), last; !inner && each != last;
         each.increment(inner)) {
      const std::string name = each->path().filename().string();
      const size_t dash = name.find('-');
      if (!name.ends_with(".dist-info") || dash == std::string::npos) continue;
      if (std::find(kNames.begin(), kNames.end(), name.substr(0, dash)) == kNames.end()) continue;
      found.push_back(
          {name.substr(0, dash), name.substr(dash + 1, name.size() - dash - 1 - std::string(".dist-info").size())});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

}  // namespace

Computer examine(const fs::path& start) {
  Computer computer;
  computer.processor = processor_name();
  computer.cores = available_threads();
  computer.memory_bytes = static_cast<int64_t>(physical_memory());
  computer.instructions = instruction_sets();
  computer.onednn = onednn_version();
  computer.onednn_saturates = onednn_saturates();
  computer.kernels = missing_avx512_vnni().empty() ? "AVX-512 float and int8"
                     : missing_avx512().empty()    ? "AVX-512 float"
                                                   : "portable";
  const fs::path environment = find_peers(start);
  computer.peers_folder = environment.string();
  if (!environment.empty()) computer.peers = packages_in(environment);
  return computer;
}

}  // namespace pare
