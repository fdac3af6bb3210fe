// Input gradient of AdderConv for training (AdderNet, CVPR 2020, eq. 6, clipped):
//
//   dX[n,c,i] = sum over outputs o and taps t of  dY[n,o,j] * clip(W[o,c,t] - X[n,c,i], -1, 1)
//
// where j is the output pixel that reads input pixel i through tap t. The filter gradient needs no
// kernel of its own: sum dY * (X - W) is a convolution's filter gradient minus W times sum dY.
#pragma once

#include "custom_ops/convolution/geometry.h"

namespace addersr::adder_conv_gradient {

// Computes dX of the images [first_image, first_image + images) with the instruction set `isa`.
// All tensors are dense NCHW (W: OIHW) float32. Throws std::bad_alloc only.
void InputGradient(const convolution::Geometry& geometry, const char* isa, const float* dy,
                   const float* x, const float* w, float* dx, int64_t first_image, int64_t images);

}  // namespace addersr::adder_conv_gradient
