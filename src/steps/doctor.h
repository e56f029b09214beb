// What this computer offers: processor, instruction sets, libraries, and the peers that judge our files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pare {

struct PeerPackage {
  std::string name;
  std::string version;
};

struct Computer {
  std::string processor;  // as the system names it
  int cores = 0;          // that this process may use
  int64_t memory_bytes = 0;
  std::vector<std::string> instructions;  // of those that matter to us: "AVX2", "AVX-512", "VNNI", "bf16"
  std::string onednn;                     // version
  bool onednn_saturates = false;          // see engine/cpu.h
  std::string kernels;                    // which of our own kernels run here
  std::string peers_folder;               // where the virtual environment was found; empty: nowhere
  std::vector<PeerPackage> peers;
};

// Looks for the peers in the folder named by the environment variable PARE_PEERS, then in .venv-peers of `start` and the folders
// above it.
Computer examine(const std::filesystem::path& start);

}  // namespace pare
