#include "report/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "report/table.h"

namespace pare {
namespace {

constexpr double kRow = 34, kTop = 46, kNames = 190, kPanel = 210, kGap = 30;
constexpr const char* kBar = "#4c78a8";
constexpr const char* kDark = "#1f3a5f";

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

std::string text_at(double x, double y, const std::string& text, const char* style = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, style, escaped(text));
}

std::string bar(double x, double y, double width, double height, const char* color) {
  return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"2\" fill=\"{}\"/>\n", x,
                     y, std::max(width, 1.), height, color);
}

// Accuracies differ by little, so their axis begins a little below the lowest.
struct Axis {
  double low = 0, high = 1, left = 0;
  double at(double value) const { return left + (value - low) / (high - low) * kPanel; }
};

Axis accuracy_axis(const std::vector<ModelEvaluation>& evaluations, double left) {
  double low = 1, high = 0;
  for (const ModelEvaluation& each : evaluations) {
    const Interval& interval = each.evaluation.classification->interval;
    low = std::min(low, interval.low);
    high = std::max(high, interval.high);
  }
  const double margin = std::max(0.002, (high - low) * 0.15);
  return {std::max(0., low - margin), std::min(1., high + margin), left};
}

std::string accuracy_panel(const std::vector<ModelEvaluation>& evaluations, double left) {
  const Axis axis = accuracy_axis(evaluations, left);
  std::string out = text_at(left, kTop - 18, "accuracy, 95 % interval", "class=\"h\"");
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const Classification& c = *evaluations[i].evaluation.classification;
    const double middle = kTop + kRow * (static_cast<double>(i) + 0.5) - 5;
    out += bar(axis.at(c.interval.low), middle - 1.5, axis.at(c.interval.high) - axis.at(c.interval.low), 3, kBar);
    out +=
        fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\"/>\n", axis.at(c.accuracy), middle, kDark);
    out += text_at(axis.at(c.accuracy) - 18, middle + 17, percent(c.accuracy), "class=\"v\"");
  }
  return out;
}

std::string size_panel(const std::vector<ModelEvaluation>& evaluations, double left) {
  int64_t largest = 1;
  for (const ModelEvaluation& each : evaluations) largest = std::max(largest, each.size.bytes);
  std::string out = text_at(left, kTop - 18, "size (dark: gzip)", "class=\"h\"");
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const FileSize& size = evaluations[i].size;
    const double y = kTop + kRow * static_cast<double>(i), scale = (kPanel - 70) / static_cast<double>(largest);
    out += bar(left, y, static_cast<double>(size.bytes) * scale, 20, kBar) +
           bar(left, y + 5, static_cast<double>(size.gzip_bytes) * scale, 10, kDark);
    out += text_at(left + static_cast<double>(size.bytes) * scale + 6, y + 14, human_bytes(size.bytes), "class=\"v\"");
  }
  return out;
}

std::string latency_panel(const std::vector<ModelEvaluation>& evaluations, double left) {
  double largest = 1e-9;
  for (const ModelEvaluation& each : evaluations)
    if (each.latency) largest = std::max(largest, each.latency->latency.median);
  std::string out = text_at(left, kTop - 18, "latency, one thread", "class=\"h\"");
  for (size_t i = 0; i < evaluations.size(); ++i) {
    if (!evaluations[i].latency) continue;
    const double median = evaluations[i].latency->latency.median, y = kTop + kRow * static_cast<double>(i),
                 width = (kPanel - 80) * median / largest;
    out += bar(left, y, width, 20, kBar) +
           text_at(left + width + 6, y + 14, fmt::format("{:.3f} ms", median), "class=\"v\"");
  }
  return out;
}

}  // namespace

std::string picture_of(const std::vector<ModelEvaluation>& evaluations) {
  const auto all = [&](auto&& has) {
    return !evaluations.empty() && std::all_of(evaluations.begin(), evaluations.end(), has);
  };
  const bool classes = all([](const ModelEvaluation& each) { return each.evaluation.classification.has_value(); });
  const bool latency = all([](const ModelEvaluation& each) { return each.latency.has_value(); });
  std::string body;
  double left = kNames;
  const auto add = [&](std::string panel) {
    body += panel;
    left += kPanel + kGap;
  };
  if (classes) add(accuracy_panel(evaluations, left));
  add(size_panel(evaluations, left));
  if (latency) add(latency_panel(evaluations, left));
  for (size_t i = 0; i < evaluations.size(); ++i)
    body += text_at(16, kTop + kRow * static_cast<double>(i) + 14,
                    std::filesystem::path(evaluations[i].model).filename().string());
  const double height = kTop + kRow * static_cast<double>(evaluations.size()) + 12;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n"
      "<style>text{{font:13px sans-serif;fill:#222}} .h{{font-weight:bold}} .v{{font-size:11px;fill:#444}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{2}</svg>\n",
      left, height, body);
}

}  // namespace pare
