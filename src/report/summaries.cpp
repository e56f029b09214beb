#include "report/summaries.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "report/table.h"

namespace pare {
namespace {

// "Label:     value", labels in one column; without a label a further value of the one before.
std::string item(std::string_view label, const std::string& value) {
  return fmt::format("{:<14} {}\n", label.empty() ? "" : fmt::format("{}:", label), value);
}

std::string ports(std::string_view label, const std::vector<PortSummary>& ports) {
  std::string text;
  for (const PortSummary& port : ports)
    text += item(text.empty() ? label : "", fmt::format("{}  {}", port.name, port.type));
  return text;
}

std::string optional_count(const std::optional<int64_t>& count) { return count ? human_count(*count) : "?"; }

std::string operator_list(const ModelSummary& summary) {
  std::vector<std::pair<std::string, int64_t>> counts(summary.operators.begin(), summary.operators.end());
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> parts;
  int64_t total = 0;
  for (const auto& [name, count] : counts) {
    parts.push_back(count == 1 ? name : fmt::format("{} {}", count, name));
    total += count;
  }
  return fmt::format("{}: {}", total, fmt::join(parts, ", "));
}

std::string storage_table(const ModelSummary& summary) {
  Table table({"constants", ">tensors", ">elements", ">bytes"});
  for (const StorageSummary& each : summary.storage)
    table.row({each.kind, with_commas(each.tensors), with_commas(each.elements), with_commas(each.bytes)});
  return table.empty() ? "" : "\n" + table.text();
}

std::string layer_table(const ModelSummary& summary) {
  Table table({"layer", "operator", "dst", "storage", ">parameters", ">bytes", ">zeros", ">values", ">multiply-adds"});
  for (const LayerSummary& layer : summary.layers) {
    const ParameterSummary& own = layer.parameters;
    const bool some = own.count > 0;
    table.row({layer.name, layer.op, layer.dst, layer.storage, some ? with_commas(own.count) : "",
               some ? with_commas(own.bytes) : "",
               some ? percent(static_cast<double>(own.zeros) / static_cast<double>(own.count), 1) : "",
               own.distinct ? with_commas(*own.distinct) : "",
               layer.multiply_adds ? with_commas(*layer.multiply_adds) : "?"});
  }
  return "\n" + table.text();
}

// The pattern, and how much of the zeros it holds where that is not all.
std::string blocks_of(const WeightStatistics& weights) {
  if (!weights.blocks) return "";
  const std::string blocks = weights.blocks->to_string();
  if (weights.blocks->zeros == weights.zeros) return blocks;
  return fmt::format("{} ({})", blocks,
                     percent(static_cast<double>(weights.blocks->zeros) / static_cast<double>(weights.zeros), 0));
}

std::string weights_table(const ModelSummary& summary) {
  Table table(
      {"~weights", "shape", "storage", ">bytes", ">gzip", ">coded", ">entropy", ">zeros", "blocks", "N:M", ">values"});
  for (const WeightsSummary& each : summary.weights) {
    const WeightStatistics& found = each.statistics;
    table.row({each.name, each.shape, each.kind, with_commas(found.bytes),
               each.gzip_bytes ? with_commas(*each.gzip_bytes) : "", with_commas(found.entropy_bytes),
               fmt::format("{:.2f}", found.entropy), percent(found.sparsity(), 1), blocks_of(found),
               found.n_of_m ? found.n_of_m->to_string() : "",
               found.channel_distinct ? fmt::format("{} a channel", with_commas(*found.channel_distinct))
                                      : with_commas(found.distinct)});
  }
  if (table.empty()) return "";
  return "\n" + table.text() +
         "coded: bytes that coding each value by its share could reach; entropy: of the values, in bits a weight\n";
}

std::string parameter_line(const ParameterSummary& parameters) {
  std::string line = fmt::format("{} in {}", with_commas(parameters.count), human_bytes(parameters.bytes));
  if (parameters.count == 0) return line;
  const double zeros = static_cast<double>(parameters.zeros) / static_cast<double>(parameters.count);
  return line + fmt::format(", {} zeros, {} entropy-coded", percent(zeros, 1), human_bytes(parameters.entropy_bytes));
}

}  // namespace

std::string savings_note(int64_t bytes, int64_t entropy_bytes, std::optional<int64_t> file_bytes) {
  constexpr double kWorthATelling = 0.7;
  if (static_cast<double>(entropy_bytes) > kWorthATelling * static_cast<double>(bytes)) return "";
  if (file_bytes && *file_bytes < bytes)
    return fmt::format("The file is smaller than its {} of parameters: it stores weights without their zeros.\n",
                       human_bytes(bytes));
  return fmt::format(
      "Parameters could take {} of {}, for zeros or repeated values; the file stores each in full, so they count only where "
      "it is\ncompressed: in a download, in an installation package.\n",
      human_bytes(entropy_bytes), human_bytes(bytes));
}

std::string describe(const ModelSummary& summary, const SummaryTables& tables) {
  const ParameterSummary& parameters = summary.parameters;
  int64_t operators = 0;
  for (const auto& [name, count] : summary.operators) operators += count;
  std::string text = item("Model", fmt::format("{} ({})", summary.path, summary.format));
  if (!summary.description.empty()) text += item("Description", summary.description);
  if (summary.file_bytes)
    text += item(
        "File",
        human_bytes(*summary.file_bytes) +
            (summary.file_gzip_bytes ? fmt::format(", {} under gzip", human_bytes(*summary.file_gzip_bytes)) : ""));
  text += ports("Inputs", summary.inputs) + ports("Outputs", summary.outputs);
  if (!summary.signatures.empty()) text += item("Signatures", fmt::format("{}", fmt::join(summary.signatures, ", ")));
  if (summary.graphs > 1) text += item("Graphs", std::to_string(summary.graphs));
  text += item("Operators", operator_list(summary));
  text += item("Parameters", parameter_line(parameters));
  text += item("Multiply-adds", optional_count(summary.multiply_adds) + " a sample");
  text += item("Quantised", fmt::format("{} of {} operators", summary.quantized_operators, operators));
  text += item("Activations", summary.arena_bytes ? human_bytes(*summary.arena_bytes) + " planned, one sample"
                                                  : "not planned: " + summary.not_runnable);
  text += storage_table(summary);
  if (tables.layers) text += layer_table(summary);
  if (tables.weights) text += weights_table(summary);
  const std::string note = savings_note(parameters.bytes, parameters.entropy_bytes, summary.file_bytes);
  return note.empty() ? text : text + "\n" + note;
}

std::string describe(const Computer& computer) {
  std::string text = item("Processor", computer.processor);
  text += item("Cores", std::to_string(computer.cores));
  text += item("Memory", human_bytes(computer.memory_bytes));
  text +=
      item("Instructions", computer.instructions.empty() ? "no vector extension known to Pare"
                                                         : fmt::format("{}", fmt::join(computer.instructions, ", ")));
  text += item("Kernels", computer.kernels);
  text += item("oneDNN",
               computer.onednn + (computer.onednn_saturates
                                      ? "; its int8 sums may saturate here, for the processor has no 8-bit dot product"
                                      : "; exact int8 sums"));
  if (computer.peers_folder.empty())
    return text + item("Peers", "none (scripts/peers.sh installs them; only tests and benchmarks use them)");
  std::vector<std::string> peers;
  for (const PeerPackage& peer : computer.peers) peers.push_back(peer.name + " " + peer.version);
  return text +
         item("Peers", fmt::format("{} in {}", peers.empty() ? "none" : fmt::format("{}", fmt::join(peers, ", ")),
                                   computer.peers_folder));
}

std::string describe(const RunResult& result, const std::string& output) {
  std::string text;
  for (const NamedTensor& each : result.outputs)
    text += fmt::format("{}: {}{} written to {}\n", each.name, to_string(each.tensor.dtype()),
                        each.tensor.shape().to_string(), output);
  return text;
}

}  // namespace pare
