// Sums over the window of the input that a block of output rows reads.
#pragma once

#include "custom_ops/convolution/geometry.h"

namespace addersr::qlinear_adder_conv {

// Per output pixel of the first row of a window: the sum of the input over its taps, from the sums
// over the channels of every pixel of the window.
void SumTaps(const convolution::Geometry& g, const int32_t* channel_sums, int32_t* x_sums);

}  // namespace addersr::qlinear_adder_conv
