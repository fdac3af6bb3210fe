// Padded rows of the input, channels last, in a ring: each row is copied once per block of output
// rows, just before the first output row that reads it, and is then still in a near cache.
#pragma once

#include "custom_ops/adder_conv/adder_conv.h"

namespace addersr::adder_conv {

using convolution::WindowColumns;
using convolution::WindowRows;

// Copies one input row (it may lie outside the image) of one image and group into `to`
// [WindowColumns][in_channels], with zeros for the padding, and the sum over the channels of each
// pixel into `sums` [WindowColumns]. `image` points to the first channel of the group.
void PackRow(const Geometry& g, Layout layout, const float* image, int64_t row, float* to,
             float* sums);

}  // namespace addersr::adder_conv
