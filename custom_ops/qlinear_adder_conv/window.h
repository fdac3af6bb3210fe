// The padded piece of the input that a block of output rows reads.
#pragma once

#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"

namespace addersr::qlinear_adder_conv {

// Copies `rows` input rows from `first_row` on (both may lie outside the image) of one image into
// `window` [rows][WindowColumns][padded channels]: the channels of one group, then zeros, and the
// layer's padding where there is no pixel.
template <class T>
void PackWindow(const Geometry& g, const PackedLayer<T>& layer, int64_t group, const T* image,
                int64_t first_row, int64_t rows, T* window);

// Per output pixel of the first row of a window: the sum of the input over its taps, from the sums
// over the channels of every pixel of the window.
void SumTaps(const Geometry& g, const int32_t* channel_sums, int32_t* x_sums);

}  // namespace addersr::qlinear_adder_conv
