// The loop of the input gradient, written once for all instruction sets.
//
//   for each block of channels, for each tile of pixels:
//     acc[p][c] = sum over taps and outputs of dy[p - tap][o] * clip(w[tap][o][c] - x[p][c], -1, 1)
//
// An Arch provides Vector, kLanes, kPixels, Load, Broadcast, Zero, Store and
//   Vector Accumulate(acc, dy, w, x, p): acc + dy * clip(w - x, -1, 1); it may choose by p, the
//   pixel within the tile, which instructions do it, but not which floats come out
#pragma once

#include "custom_ops/adder_conv_gradient/kernel.h"

namespace addersr::adder_conv_gradient {

template <class Arch, int kPixels>
inline void Tile(const RowTask& t, const float* dy, const float* panel, const float* x, float* dx) {
  typename Arch::Vector acc[kPixels];
  typename Arch::Vector value[kPixels];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
    acc[p] = Arch::Zero();
    value[p] = Arch::Load(x + p * t.channels);
  }
  for (int64_t row = 0; row < t.kernel_height; ++row) {
    for (int64_t column = 0; column < t.kernel_width; ++column) {
      const float* tap = dy - row * t.tap_row_step - column * t.tap_column_step;
      for (int64_t o = 0; o < t.outputs; ++o) {
        const typename Arch::Vector w = Arch::Load(panel);
#pragma GCC unroll 16
        for (int p = 0; p < kPixels; ++p) {
          acc[p] =
              Arch::Accumulate(acc[p], Arch::Broadcast(tap[p * t.outputs + o]), w, value[p], p);
        }
        panel += Arch::kLanes;
      }
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) Arch::Store(dx + p * t.channels, acc[p]);
}

template <class Arch>
inline void Row(const RowTask& t) {
  const int64_t panel_floats = t.kernel_height * t.kernel_width * t.outputs * Arch::kLanes;
  const float* panel = t.panels;
  for (int64_t c = 0; c < t.channels; c += Arch::kLanes, panel += panel_floats) {
    int64_t p = 0;
    for (; p + Arch::kPixels <= t.pixels; p += Arch::kPixels) {
      Tile<Arch, Arch::kPixels>(t, t.dy + p * t.outputs, panel, t.x + p * t.channels + c,
                                t.dx + p * t.channels + c);
    }
    if (p < t.pixels && Arch::kPixels <= t.pixels) {
      // The last tile does some pixels again: one sum after another would wait for its additions.
      p = t.pixels - Arch::kPixels;
      Tile<Arch, Arch::kPixels>(t, t.dy + p * t.outputs, panel, t.x + p * t.channels + c,
                                t.dx + p * t.channels + c);
      continue;
    }
    for (; p < t.pixels; ++p) {
      Tile<Arch, 1>(t, t.dy + p * t.outputs, panel, t.x + p * t.channels + c,
                    t.dx + p * t.channels + c);
    }
  }
}

}  // namespace addersr::adder_conv_gradient
