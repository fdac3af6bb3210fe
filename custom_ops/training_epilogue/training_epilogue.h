// What follows an adder convolution A in training, and its gradients, one pass each:
//
//   T = scale A + bias + Z          affine per channel, a residual of the shape of A
//   P = T max(|T|, 1e-12)^(alpha-1) the power activation of AdderSR (CVPR 2021, section 3.3)
//   Y = P where P > 0, else slope P (PReLU; 0 makes it a ReLU)
//
//   dP = dY where P > 0, else slope dY
//   dT = dP alpha |P| / max(|T|, 1e-4)      the pole at 0 for alpha < 1 is cut off
//   dA = scale dT;  dZ = dT
//   dscale = sum dT A;  dbias = sum dT;  dalpha = sum dP P ln max(|T|, 1e-12);
//   dslope = sum of dY P where P <= 0
//
// Nothing but A and Z is needed to go back: P is computed again. Every value but the sums is the
// same, bit for bit, on every instruction set.
#pragma once

#include <cstdint>

namespace addersr::training_epilogue {

// The layer: dense NCHW, float32. Parameters hold one float per channel.
struct Layer {
  int64_t channels;
  int64_t pixels;      // height times width
  const float* scale;  // null with `bias`: 1
  const float* bias;   // null: 0
  const float* alpha;  // null: 1
  const float* slope;  // null: 1
};

// Y of the images [first, first + images) with the instruction set `isa`. `z` is null: 0.
void Forward(const Layer& layer, const char* isa, const float* a, const float* z, float* y,
             int64_t first, int64_t images);

// Gradients of the same images; `dz` is null if `z` is. `sums` is [batch][channels][4]: what each
// image adds to dscale, dbias, dalpha and dslope.
void Backward(const Layer& layer, const char* isa, const float* dy, const float* a, const float* z,
              float* da, float* dz, double* sums, int64_t first, int64_t images);

}  // namespace addersr::training_epilogue
