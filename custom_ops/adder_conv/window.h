// The padded piece of the input that a block of output rows reads.
#pragma once

#include "custom_ops/adder_conv/adder_conv.h"

namespace addersr::adder_conv {

inline int64_t WindowRows(const Geometry& g, int64_t out_rows) {
  return (out_rows - 1) * g.stride_height + (g.kernel_height - 1) * g.dilation_height + 1;
}

inline int64_t WindowColumns(const Geometry& g) {
  return (g.out_width - 1) * g.stride_width + (g.kernel_width - 1) * g.dilation_width + 1;
}

// Copies `rows` input rows from `first_row` on (both may lie outside the image) of one image and
// group into `window` [rows][WindowColumns][in_channels], with zeros for the padding, and the sum
// over the channels of each pixel into `channel_sums` [rows][WindowColumns].
void PackWindow(const Geometry& g, const float* image, int64_t first_row, int64_t rows,
                float* window, float* channel_sums);

}  // namespace addersr::adder_conv
