#include "compress/layer_removals.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>

#include "base/parallel.h"

namespace pare {
namespace {

// The columns of each block, in the order of the blocks.
std::vector<std::vector<int32_t>> column_blocks(const Shape& shape, int axis, const std::vector<int64_t>& extents) {
  std::map<std::vector<int64_t>, std::vector<int32_t>> blocks;
  const MatrixLayout layout(shape, axis);
  for (int64_t column = 0; column < layout.columns(); ++column) {
    int64_t rest = layout.element(0, column);
    std::vector<int64_t> block(static_cast<size_t>(shape.rank()));
    for (int at = shape.rank() - 1; at >= 0; --at) {
      block[static_cast<size_t>(at)] = rest % shape[at] / extents[static_cast<size_t>(at)];
      rest /= shape[at];
    }
    blocks[block].push_back(static_cast<int32_t>(column));
  }
  std::vector<std::vector<int32_t>> units;
  for (auto& [place, columns] : blocks) units.push_back(std::move(columns));
  return units;
}

// Columns of the layer that go or count together are put one after the other into sets and parts that have room for them.
class PartFiller {
 public:
  explicit PartFiller(const PartSizes& sizes) : sizes_(sizes) {}

  // Room for so many columns in one part.
  RemovalUnits& make_room(size_t columns) {
    const auto count = static_cast<int64_t>(columns);
    if (made_.sets.empty() || static_cast<int64_t>(made_.sets.back().size()) + count > sizes_.set)
      made_.sets.emplace_back();
    const size_t set = made_.sets.size() - 1;
    if (made_.parts.empty() || made_.parts.back().set != set || made_.parts.back().columns + count > sizes_.part)
      made_.parts.push_back({.set = set, .first = static_cast<int32_t>(made_.sets.back().size())});
    return made_.parts.back().units;
  }

  void append_unit(const std::vector<int32_t>& columns) {
    RemovalPart& part = made_.parts.back();
    std::vector<int32_t> within;
    for (const int32_t column : columns) {
      made_.sets.back().push_back(column);
      within.push_back(part.columns++);
    }
    part.units.columns.push_back(std::move(within));
  }

  RemovalParts take(int64_t rows_together) && {
    made_.rows_together = rows_together;
    return std::move(made_);
  }

 private:
  PartSizes sizes_;
  RemovalParts made_;
};

// Neighbours along the last axis, of which so many may go.
void append_neighbourhoods(PartFiller& filler, const SparsityPattern& pattern, int64_t columns, int64_t row) {
  for (int64_t begin = 0; begin < columns; begin += row)
    for (int64_t from = begin; from < begin + row; from += pattern.m) {
      const int64_t count = std::min(pattern.m, begin + row - from);
      RemovalUnits& units = filler.make_room(static_cast<size_t>(count));
      for (int64_t column = from; column < from + count; ++column) {
        filler.append_unit({static_cast<int32_t>(column)});
        units.neighbourhood.push_back(static_cast<int32_t>(units.may_go.size()));
      }
      units.may_go.push_back(static_cast<int32_t>(std::max<int64_t>(0, count - pattern.n)));
    }
}

// The inverse for each part in each group: group by group.
std::vector<RowMatrix> inverses_of(const Gram& gram, const RemovalParts& parts, const LayerOptions& options) {
  const auto count = static_cast<int64_t>(parts.parts.size());
  std::vector<RowMatrix> inverses(static_cast<size_t>(gram.groups() * count));
  parallel_for(gram.groups() * count, options.threads, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const RemovalPart& part = parts.parts[static_cast<size_t>(i % count)];
      const RowMatrix moments = gram.moments(i / count, part.set, options.centred);
      inverses[static_cast<size_t>(i)] =
          damped_inverse(moments.block(part.first, part.first, part.columns, part.columns),
                         damping_of(moments, options.damping).segment(part.first, part.columns));
    }
  });
  return inverses;
}

// Rows that go together, in one part of the columns.
struct Cell {
  int64_t first_row, end_row;
  size_t part;
};

std::vector<Cell> cells_of(const RemovalParts& parts, int64_t rows) {
  std::vector<Cell> cells;
  for (int64_t first = 0; first < rows; first += parts.rows_together)
    for (size_t part = 0; part < parts.parts.size(); ++part)
      cells.push_back({first, std::min(rows, first + parts.rows_together), part});
  return cells;
}

// The rows of a cell, those of each group under its inverse.
std::vector<RowsUnderInverse> rows_of_cell(const Cell& cell, const RemovalParts& parts, const Gram& gram,
                                           const RowMatrix& weights, std::span<const double> scales,
                                           const std::vector<RowMatrix>& inverses) {
  const RemovalPart& part = parts.parts[cell.part];
  const std::vector<int32_t>& set = parts.sets[part.set];
  const std::vector<int32_t> columns(set.begin() + part.first, set.begin() + part.first + part.columns);
  std::vector<RowsUnderInverse> members;
  for_each_group(cell.first_row, cell.end_row, weights.rows() / gram.groups(),
                 [&](int64_t group, int64_t first, int64_t end) {
                   RowsUnderInverse member{&inverses[static_cast<size_t>(group) * parts.parts.size() + cell.part],
                                           weights.middleRows(first, end - first)(Eigen::all, columns),
                                           {scales.begin() + first, scales.begin() + end}};
                   members.push_back(std::move(member));
                 });
  return members;
}

// The orders of the cells as one.
LayerRemovals merged(const std::vector<Cell>& cells, const std::vector<Removals>& orders, const RemovalParts& parts,
                     int64_t weights) {
  LayerRemovals all{.order = {}, .weights = weights};
  struct Next {
    float loss;
    size_t cell, at;
    bool operator<(const Next& other) const { return std::tie(other.loss, other.cell) < std::tie(loss, cell); }
  };
  std::priority_queue<Next> next;
  const auto push = [&](size_t cell, size_t at) {
    if (at < orders[cell].units.size()) next.push({orders[cell].losses[at], cell, at});
  };
  for (size_t cell = 0; cell < cells.size(); ++cell) push(cell, 0);
  while (!next.empty()) {
    const Next first = next.top();
    next.pop();
    const Cell& cell = cells[first.cell];
    const int32_t unit = orders[first.cell].units[first.at];
    const auto columns = static_cast<int64_t>(parts.parts[cell.part].units.columns[static_cast<size_t>(unit)].size());
    all.order.push_back({static_cast<int32_t>(cell.first_row / parts.rows_together), static_cast<int32_t>(cell.part),
                         unit, static_cast<int32_t>(columns * (cell.end_row - cell.first_row)), first.loss});
    push(first.cell, first.at + 1);
  }
  return all;
}

}  // namespace

Expected<RemovalParts> removal_parts(const Shape& shape, int axis, const SparsityPattern& pattern,
                                     const PartSizes& sizes) {
  PARE_TRY(check_pattern(pattern));
  PARE_ASSIGN(const std::vector<int64_t> extents, block_extents(pattern, shape));
  PartFiller filler(sizes);
  if (!pattern.is_n_of_m()) {
    for (const std::vector<int32_t>& unit : column_blocks(shape, axis, extents)) {
      filler.make_room(unit.size());
      filler.append_unit(unit);
    }
  } else if (axis != shape.rank() - 1) {
    append_neighbourhoods(filler, pattern, MatrixLayout(shape, axis).columns(), shape[-1]);
  } else {
    return unsupported("N of M counts input channels, of which a depthwise layer has one for each output; exclude it");
  }
  return std::move(filler).take(extents[static_cast<size_t>(axis)]);
}

PartSizes affordable_sizes(int64_t rows, int64_t columns) {
  constexpr double kProducts = 2e11;  // of all rows: rows * columns / part * part^3 / 3
  const double weights = std::max(1.0, static_cast<double>(rows) * static_cast<double>(columns));
  return {.part = std::clamp<int64_t>(static_cast<int64_t>(std::sqrt(3 * kProducts / weights)), 128, 4096)};
}

size_t LayerRemovals::removals_for(double zeros) const {
  size_t count = 0;
  for (; count < order.size(); ++count) {
    if (zeros < order[count].weights * 0.5) break;
    zeros -= order[count].weights;
  }
  return count;
}

LayerRemovals order_layer(const Gram& gram, const RemovalParts& parts, const RowMatrix& weights,
                          std::span<const double> scales, const LayerOptions& options) {
  const std::vector<RowMatrix> inverses = inverses_of(gram, parts, options);
  const std::vector<Cell> cells = cells_of(parts, weights.rows());
  std::vector<Removals> orders(cells.size());
  parallel_for(static_cast<int64_t>(cells.size()), options.threads, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i)
      orders[i] = order_removals(rows_of_cell(cells[i], parts, gram, weights, scales, inverses),
                                 parts.parts[cells[i].part].units);
  });
  return merged(cells, orders, parts, weights.size());
}

RowMatrix mask_of(const RemovalParts& parts, int64_t rows, const LayerRemovals& removals, size_t count) {
  Eigen::Index columns = 0;
  for (const std::vector<int32_t>& set : parts.sets) columns += static_cast<Eigen::Index>(set.size());
  RowMatrix mask = RowMatrix::Ones(rows, columns);
  for (size_t i = 0; i < count; ++i) {
    const LayerRemovals::Removal& each = removals.order[i];
    const RemovalPart& part = parts.parts[static_cast<size_t>(each.part)];
    const int64_t first = each.rows * parts.rows_together, end = std::min(rows, first + parts.rows_together);
    for (const int32_t column : part.units.columns[static_cast<size_t>(each.unit)])
      mask.col(parts.sets[part.set][static_cast<size_t>(part.first + column)]).segment(first, end - first).setZero();
  }
  return mask;
}

}  // namespace pare
