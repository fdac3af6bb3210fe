// What follows the sum in FusedAdderConv, over any vector type.
#pragma once

#include "custom_ops/adder_conv/kernel.h"
#include "custom_ops/adder_conv/power.h"

namespace addersr::adder_conv {

// scale * sum + bias, rounded twice everywhere.
template <class V>
inline typename V::Vector Affine(const Epilogue& e, int64_t output, typename V::Vector sum) {
  return V::Add(V::Mul(V::Load(e.scale + output), sum), V::Load(e.bias + output));
}

// PReLU without a comparison: one of the two parts is 0.
template <class V>
inline typename V::Vector Slope(const Epilogue& e, int64_t output, typename V::Vector t) {
  return V::Add(V::Max(t, V::Zero()), V::Mul(V::Load(e.slope + output), V::Min(t, V::Zero())));
}

// All other epilogues, on a tile that lies in y and in L1: a loop, since the power is too long to
// be unrolled over a tile's registers. Every branch goes the same way throughout a call.
template <class V, int kPixels, int kVectors>
inline void FinishTile(const Epilogue& e, int64_t pixel, int64_t first_output, float* y,
                       int64_t y_step) {
#pragma GCC unroll 1
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 1
    for (int v = 0; v < kVectors; ++v) {
      const int64_t o = first_output + v * V::kLanes;
      float* at = y + p * y_step + v * V::kLanes;
      typename V::Vector t = V::Load(at);
      if (e.z != nullptr) t = V::Add(t, V::Load(e.z + (pixel + p) * e.z_step + o));
      if (e.power_high != nullptr) {
        t = SignedPower<V>(t, V::Load(e.power_high + o), V::Load(e.power_low + o));
      }
      if (e.slope != nullptr) {
        t = Slope<V>(e, o, t);
      }
      if (e.clips) {
        t = V::Min(V::Max(t, V::Broadcast(e.clip_min)), V::Broadcast(e.clip_max));
      }
      if (e.r != nullptr) t = V::Add(t, V::Load(e.r + (pixel + p) * e.r_step + o));
      V::Store(at, t);
    }
  }
}

}  // namespace addersr::adder_conv
