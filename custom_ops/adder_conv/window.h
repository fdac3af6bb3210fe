// The padded piece of the input that a block of output rows reads.
#pragma once

#include "custom_ops/adder_conv/adder_conv.h"

namespace addersr::adder_conv {

using convolution::WindowColumns;
using convolution::WindowRows;

// Copies `rows` input rows from `first_row` on (both may lie outside the image) of one image and
// group into `window` [rows][WindowColumns][in_channels], with zeros for the padding, and the sum
// over the channels of each pixel into `channel_sums` [rows][WindowColumns].
void PackWindow(const Geometry& g, const float* image, int64_t first_row, int64_t rows,
                float* window, float* channel_sums);

}  // namespace addersr::adder_conv
