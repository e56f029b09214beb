// Data sets of a few samples, in files that live as long as the test.
#pragma once

#include <stdexcept>

#include "data/data_set.h"
#include "data/npy.h"
#include "testing/temporary_folder.h"

namespace pare::testing {

class DataFolder : public TemporaryFolder {
 protected:
  // All samples of `x` with their targets `y`; `target` are the lines of [target] in the description.
  DataView samples(const Tensor& x, const std::optional<Tensor>& y = {}, std::string_view target = "") const {
    std::vector<NamedTensor> arrays{{"x", x}};
    if (y) arrays.push_back({"y", *y});
    auto written = write_arrays(folder_ / "set.npz", arrays);
    if (!written) throw std::runtime_error(written.error().to_string());
    put("set.toml", fmt::format("[source]\npath = 'set.npz'\n[target]\n{}", target));
    auto view = DataSet::open(folder_ / "set.toml").and_then([](const DataSet& set) { return set.split(Split::Test); });
    if (!view) throw std::runtime_error(view.error().to_string());
    return std::move(*view);
  }
};

}  // namespace pare::testing
