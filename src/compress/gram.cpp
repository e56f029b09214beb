#include "compress/gram.h"

#include <algorithm>
#include <numeric>

#include "compress/outer_products.h"

namespace pare {
namespace {

constexpr int64_t kChunk = 256;  // windows that are gathered at a time

// A step coprime to `positions` near the golden section: multiples of it spread evenly, however many are taken.
int64_t spreading_step(int64_t positions) {
  int64_t step = std::max<int64_t>(1, static_cast<int64_t>(0.618 * static_cast<double>(positions)));
  while (std::gcd(step, positions) != 1) ++step;
  return step;
}

// Copies windows of a source into rows, one group at a time.
class WindowGatherer {
 public:
  WindowGatherer(const WindowedProduct& product, const float* source, int64_t group)
      : product_(product), source_(source), group_(group) {}

  // The window at `position` of a sample.
  void gather(int64_t sample, int64_t position, float* to) const {
    const WindowTaps &h = product_.h, &w = product_.w;
    const int64_t y = position / w.outputs, x = position % w.outputs, row = product_.groups * product_.channels;
    const float* image = source_ + sample * product_.height * product_.width * row + group_ * product_.channels;
    for (int64_t i = 0; i < h.taps; ++i)
      for (int64_t j = 0; j < w.taps; ++j, to += product_.channels) {
        const int64_t at_y = h.source[static_cast<size_t>(y * h.taps + i)],
                      at_x = w.source[static_cast<size_t>(x * w.taps + j)];
        if (at_y < 0 || at_x < 0)
          std::fill_n(to, product_.channels, 0.f);
        else
          std::copy_n(image + (at_y * product_.width + at_x) * row, product_.channels, to);
      }
  }

 private:
  const WindowedProduct& product_;
  const float* source_;
  int64_t group_;
};

// The columns of a set out of whole rows; the rows themselves where the set is all of them.
RowsView<float> columns_of(const std::vector<float>& rows, int64_t count, int64_t columns,
                           const std::vector<int32_t>& set, std::vector<float>& scratch) {
  const auto width = static_cast<int64_t>(set.size());
  if (width == columns && std::ranges::is_sorted(set)) return {rows.data(), count, columns, columns};
  scratch.resize(static_cast<size_t>(count * width));
  for (int64_t k = 0; k < count; ++k)
    for (int64_t i = 0; i < width; ++i)
      scratch[static_cast<size_t>(k * width + i)] =
          rows[static_cast<size_t>(k * columns + set[static_cast<size_t>(i)])];
  return {scratch.data(), count, width, width};
}

// What is wanted of windows, from those of the reference and their places among all positions of all samples.
FloatRows targets_of(const Wanted& wanted, const RowsView<float>& windows, const std::vector<int32_t>& columns,
                     int64_t first_row, int64_t rows, std::span<const int64_t> places) {
  using Windows = Eigen::Map<const FloatRows, 0, Eigen::OuterStride<>>;
  const FloatRows weights = wanted.weights->middleRows(first_row, rows)(Eigen::all, columns);
  FloatRows targets =
      Windows(windows.data, windows.rows, windows.columns, Eigen::OuterStride<>(windows.stride)) * weights.transpose();
  if (wanted.before == nullptr) return targets;
  const int64_t all_rows = wanted.weights->rows();
  for (int64_t k = 0; k < targets.rows(); ++k)
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = places[static_cast<size_t>(k)] * all_rows + first_row + row;
      targets(k, row) += (wanted.before[at] - wanted.now[at]) * wanted.factors[static_cast<size_t>(first_row + row)];
    }
  return targets;
}

void add_sums(const RowsView<float>& rows, Eigen::VectorXd& sum) {
  for (int64_t k = 0; k < rows.rows; ++k)
    for (int64_t i = 0; i < rows.columns; ++i) sum[i] += static_cast<double>(rows.data[k * rows.stride + i]);
}

}  // namespace

ColumnSets all_columns(int64_t count) { return neighbouring_columns(count, count); }

ColumnSets neighbouring_columns(int64_t count, int64_t most) {
  const int64_t parts = std::max<int64_t>(1, (count + most - 1) / std::max<int64_t>(1, most));
  ColumnSets sets;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = part * count / parts, end = (part + 1) * count / parts;
    std::vector<int32_t>& set = sets.emplace_back(static_cast<size_t>(end - first));
    std::iota(set.begin(), set.end(), static_cast<int32_t>(first));
  }
  return sets;
}

Gram::Gram(int64_t groups, ColumnSets sets, int64_t targets)
    : groups_(groups), targets_(targets), sets_(std::move(sets)) {
  for (int64_t group = 0; group < groups_; ++group)
    for (const std::vector<int32_t>& set : sets_) {
      const auto d = static_cast<Eigen::Index>(set.size());
      moments_.push_back({RowMatrix::Zero(d, d), RowMatrix::Zero(targets, d), Eigen::VectorXd::Zero(d),
                          Eigen::VectorXd::Zero(targets)});
    }
}

void Gram::add(const WindowedProduct& product, const float* source, const Wanted* wanted, int64_t most, int64_t turn) {
  PARE_CHECK((wanted != nullptr) == has_targets());
  const int64_t columns = product.columns(), positions = product.h.outputs * product.w.outputs;
  const int64_t taken = std::min(most, positions), step = spreading_step(positions);
  std::vector<float> rows(static_cast<size_t>(std::min(kChunk, product.samples * taken) * columns)), now, before;
  std::vector<float> reference_rows(wanted == nullptr ? 0 : rows.size());
  std::vector<int64_t> places(static_cast<size_t>(kChunk));
  for (int64_t group = 0; group < groups_; ++group) {
    const WindowGatherer here(product, source, group),
        there(product, wanted == nullptr ? nullptr : wanted->source, group);
    for (int64_t first = 0; first < product.samples * taken; first += kChunk) {
      const int64_t count = std::min(kChunk, product.samples * taken - first);
      for (int64_t k = 0; k < count; ++k) {
        const int64_t sample = (first + k) / taken;
        const int64_t position = ((first + k) % taken * step + turn + sample) % positions;
        here.gather(sample, position, rows.data() + k * columns);
        if (wanted != nullptr) there.gather(sample, position, reference_rows.data() + k * columns);
        places[static_cast<size_t>(k)] = sample * positions + position;
      }
      for (size_t set = 0; set < sets_.size(); ++set) {
        Moments& to = at(group, set);
        const RowsView<float> x = columns_of(rows, count, columns, sets_[set], now);
        add_outer_products(x, x, 1, Part::LowerTriangle, to.squares.data(), x.columns);
        add_sums(x, to.sum);
        if (wanted == nullptr) continue;
        const RowsView<float> r = columns_of(reference_rows, count, columns, sets_[set], before);
        const FloatRows targets = targets_of(*wanted, r, sets_[set], group * targets_, targets_, places);
        const RowsView<float> t{targets.data(), count, targets_, targets_};
        add_outer_products(t, x, 1, Part::Whole, to.targets.data(), x.columns);
        add_sums(t, to.target_sum);
        to.target_squares += targets.cast<double>().squaredNorm();
      }
    }
  }
  windows_ += product.samples * taken;
  positions_ += product.samples * positions;
}

void Gram::merge(const Gram& other) {
  windows_ += other.windows_;
  positions_ += other.positions_;
  for (size_t i = 0; i < moments_.size(); ++i) {
    moments_[i].squares += other.moments_[i].squares;
    moments_[i].targets += other.moments_[i].targets;
    moments_[i].sum += other.moments_[i].sum;
    moments_[i].target_sum += other.moments_[i].target_sum;
    moments_[i].target_squares += other.moments_[i].target_squares;
  }
}

RowMatrix Gram::normalized(const RowMatrix& sums, const Eigen::VectorXd& left, const Eigen::VectorXd& right,
                           bool centred) const {
  const double share = windows_ == 0 ? 0 : 1 / static_cast<double>(windows_);
  RowMatrix moments = sums * share;
  if (centred) moments.noalias() -= (left * share) * (right * share).transpose();
  return moments;
}

RowMatrix Gram::moments(int64_t group, size_t set, bool centred) const {
  const Moments& from = at(group, set);
  return normalized(from.squares.selfadjointView<Eigen::Lower>(), from.sum, from.sum, centred);
}

RowMatrix Gram::targets(int64_t group, size_t set, bool centred) const {
  const Moments& from = at(group, set);
  return normalized(from.targets, from.target_sum, from.sum, centred);
}

double Gram::target_power(int64_t group, size_t set, bool centred) const {
  const Moments& from = at(group, set);
  const double power = from.target_squares / static_cast<double>(std::max<int64_t>(1, windows_));
  if (!centred) return power;
  const std::vector<double> means = target_means(group, set);
  return power - std::inner_product(means.begin(), means.end(), means.begin(), 0.0);
}

std::vector<double> Gram::normalized(const Eigen::VectorXd& sum) const {
  std::vector<double> means(sum.begin(), sum.end());
  for (double& each : means) each /= static_cast<double>(std::max<int64_t>(1, windows_));
  return means;
}

std::vector<double> Gram::means(int64_t group, size_t set) const { return normalized(at(group, set).sum); }

std::vector<double> Gram::target_means(int64_t group, size_t set) const {
  return normalized(at(group, set).target_sum);
}

size_t Gram::bytes(int64_t groups, const ColumnSets& sets, int64_t targets) {
  size_t elements = 0;
  for (const std::vector<int32_t>& set : sets) elements += set.size() * (set.size() + static_cast<size_t>(targets));
  return elements * static_cast<size_t>(groups) * sizeof(double);
}

}  // namespace pare
