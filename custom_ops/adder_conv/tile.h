// The loop of AdderConv, written once for all instruction sets.
//
//   for each panel of outputs, for each tile of pixels:
//     acc[p][o] = sum over taps of max(x[p][tap], w[tap][o])
//     y[p][o]   = epilogue(offset[o] + x_sum[p] - 2 * acc[p][o])
//
// because |x - w| = 2 max(x, w) - x - w: the sum of x is shared by all outputs and that of w is a
// constant, so a tap costs two instructions instead of the three of |x - w| (sub, and, add).
//
// An Arch (forms.h has them) provides:
//   using Vector; kLanes; kPixels (tile height: as many as the registers hold beside the filter)
//   Vector Load(const float*), Broadcast(float), Zero(); void Store(float*, Vector)
//   Vector AccumulateMax(acc, x, w): acc + max(x, w), rounded as one addition
//   Vector Finish(offset, x_sum, acc): (offset + x_sum) - 2 acc
// and what power.h lists for the epilogue.
#pragma once

#include "custom_ops/adder_conv/epilogue.h"
#include "custom_ops/adder_conv/kernel.h"

namespace addersr::adder_conv {

template <class Arch, int kPixels, int kVectors>
inline void Tile(const RowTask& t, int64_t pixel, const float* panel, int64_t first_output) {
  using Vector = typename Arch::Vector;
  const float* offsets = t.offsets + first_output;
  float* y = t.y + pixel * t.y_step + first_output;
  Vector acc[kPixels][kVectors];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) acc[p][v] = Arch::Zero();
  }
  for (int64_t row = 0; row < t.kernel_height; ++row) {
    for (int64_t column = 0; column < t.kernel_width; ++column) {
      const float* tap = t.x[row] + pixel * t.pixel_step + column * t.tap_column_step;
      for (int64_t c = 0; c < t.channels; ++c) {
        Vector w[kVectors];
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) w[v] = Arch::Load(panel + v * Arch::kLanes);
#pragma GCC unroll 16
        for (int p = 0; p < kPixels; ++p) {
          const Vector value = Arch::Broadcast(tap[p * t.pixel_step + c]);
#pragma GCC unroll 16
          for (int v = 0; v < kVectors; ++v) {
            acc[p][v] = Arch::AccumulateMax(acc[p][v], value, w[v]);
          }
        }
        panel += kVectors * Arch::kLanes;
      }
    }
  }
  const auto finish = [&](const auto& change) {
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      const Vector x_sum = Arch::Broadcast(t.x_sums[pixel + p]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        const int64_t o = v * Arch::kLanes;
        Arch::Store(y + p * t.y_step + o,
                    change(p, o, Arch::Finish(Arch::Load(offsets + o), x_sum, acc[p][v])));
      }
    }
  };
  if (t.epilogue == nullptr) {
    finish([](int, int64_t, const Vector& sum) { return sum; });
    return;
  }
  const Epilogue& e = *t.epilogue;
  if (e.is_residual_and_slope()) {
    const float* z = e.z + pixel * e.z_step + first_output;
    finish([&](int p, int64_t o, const Vector& sum) {
      const Vector residual = Arch::Load(z + p * e.z_step + o);
      return Slope<Arch>(e, first_output + o,
                         Arch::Add(Affine<Arch>(e, first_output + o, sum), residual));
    });
    return;
  }
  finish([&](int, int64_t o, const Vector& sum) { return Affine<Arch>(e, first_output + o, sum); });
  if (!e.only_affine()) {
    FinishTile<Arch, kPixels, kVectors>(e, pixel, first_output, y, t.y_step);
  }
}

// The pixels from `p` on in tiles of kPixels, and what is left of them in tiles of half that
// height.
template <class Arch, int kPixels, int kVectors>
inline void PanelRow(const RowTask& t, const float* panel, int64_t first_output, int64_t p) {
  for (; p + kPixels <= t.pixels; p += kPixels) {
    Tile<Arch, kPixels, kVectors>(t, p, panel, first_output);
  }
  if constexpr (kPixels > 1) PanelRow<Arch, kPixels / 2, kVectors>(t, panel, first_output, p);
}

// The body of a kernel: call it from a function that is compiled for the instruction set.
template <class Arch>
inline void Row(const RowTask& t) {
  const int64_t taps = t.channels * t.kernel_height * t.kernel_width;
  const float* panel = t.panels;
  int64_t o = 0;
  for (; t.outputs - o > Arch::kLanes; o += 2 * Arch::kLanes) {
    PanelRow<Arch, Arch::kPixels, 2>(t, panel, o, 0);
    panel += taps * 2 * Arch::kLanes;
  }
  if (o < t.outputs) PanelRow<Arch, Arch::kPixels, 1>(t, panel, o, 0);
}

// Defines the Kernel object `kernel_NAME` of an Arch.
#define ADDERSR_DEFINE_KERNEL(isa_name, kernel_name, Arch)                         \
  namespace {                                                                      \
  std::atomic<uint64_t> calls_##kernel_name{0};                                    \
  void Row_##kernel_name(const RowTask& task) {                                    \
    calls_##kernel_name.fetch_add(1, std::memory_order_relaxed);                   \
    Row<Arch>(task);                                                               \
  }                                                                                \
  }                                                                                \
  extern const Kernel kernel_##kernel_name;                                        \
  const Kernel kernel_##kernel_name {                                              \
    #isa_name, #kernel_name, Arch::kLanes, Row_##kernel_name, &calls_##kernel_name \
  }

}  // namespace addersr::adder_conv
