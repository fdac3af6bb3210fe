// Taps that lie end to end in a window.
#pragma once

#include "custom_ops/convolution/geometry.h"

namespace addersr::qlinear_fused_conv {

// The taps of a filter's row follow each other unless they are dilated: one long run of channels
// and taps, whose pairs may then be neighbouring taps.
struct Runs {
  int64_t rows, columns;  // of runs
  int64_t values;         // of one run

  explicit Runs(const convolution::Geometry& g)
      : rows(g.kernel_height),
        columns(g.dilation_width == 1 ? 1 : g.kernel_width),
        values(g.dilation_width == 1 ? g.kernel_width * g.in_channels : g.in_channels) {}

  int64_t steps(int64_t step) const { return (values + step - 1) / step; }
};

}  // namespace addersr::qlinear_fused_conv
