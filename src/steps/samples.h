// The samples of a data set as a network takes them.
#pragma once

#include "data/data_set.h"
#include "ir/graph.h"

namespace pare {

// The samples that quantisation looks at: the first `count` of the split calibration, or where the set has none, of train. Fails where
// it has neither, for samples that are only tested on must not be looked at.
Expected<DataView> calibration_samples(const DataSet& set, int64_t count);

// The view with its arrays in the order of the graph's inputs, by name where there are several. Fails where they are not those.
Expected<DataView> in_order_of(const Graph& graph, const DataView& view);

// The samples of `view` in the order of the graph's inputs. Floats for an input that is quantised
// are quantised with its parameters. Reads the first sample to fail early where shapes or types do not fit, with both named.
Expected<SampleSource> source_for(const Graph& graph, const DataView& view);

// The samples that quantisation looks at, as the graph takes them.
Expected<SampleSource> calibration_source(const Graph& graph, const DataSet& set, int64_t count);
// Those of the data set at `path`; what does not fit the graph is an error of that.
Expected<SampleSource> calibration_source(const Graph& graph, const std::string& path, int64_t count);

// Whether the samples that a set has for training have targets; yes where it has none, which training says then.
Expected<bool> has_targets(const DataSet& set);

}  // namespace pare
