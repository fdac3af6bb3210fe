// The loop of QLinearFusedConv, written once for all instruction sets and both types of output.
//
//   for each panel of outputs, for each tile of pixels:
//     S[p][o] = sum over the runs of taps of x[p][tap] * w[tap][o]
//     y[p][o] = Requantize(offset[o] + S[p][o])                        (requantization/)
//
// An Arch is one of the Lanes of isa/lanes.h (an Int is that of kLanes outputs), and provides
// - Vector: of int16. kChannels: values of a run that one lane takes in a step.
// - kPixels, kGroups: the tile. kMostSpread: 1, 2 or 4, see Panel.
// - Vector Load(const int16_t*): kChannels values for each lane
// - Vector Broadcast<kSpread>(const int16_t*): kChannels * kSpread values, repeated
// - Int Accumulate(Int acc, Vector x, Vector w): each lane's products added to it, exactly
// - Int Total<kSpread>(Int): the sums of kSpread neighbouring lanes, in the first lanes
#pragma once

#include "custom_ops/qlinear_fused_conv/kernel.h"
#include "custom_ops/requantization/requantize.h"

namespace addersr::qlinear_fused_conv {

template <class Arch, int kPixels, int kGroups, int kSpread>
inline void Tile(const RowTask<typename Arch::Data>& t, const int16_t* w, int64_t pixel,
                 int64_t output) {
  using Vector = typename Arch::Vector;
  using Int = typename Arch::Int;
  constexpr int kStep = Arch::kChannels * kSpread;
  constexpr int kValues = Arch::kChannels * Arch::kLanes;  // of a Vector
  const int16_t* const x = t.x + pixel * t.pixel_step;
  Int acc[kGroups][kPixels];
#pragma GCC unroll 16
  for (int g = 0; g < kGroups; ++g) {
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) acc[g][p] = Arch::IntZero();
  }
  for (int64_t row = 0; row < t.run_rows; ++row) {
    for (int64_t column = 0; column < t.run_columns; ++column) {
      const int16_t* from = x + row * t.tap_row_step + column * t.tap_column_step;
      for (int64_t left = t.run; left > 0; left -= kStep, from += kStep, w += kGroups * kValues) {
        Vector weights[kGroups];
#pragma GCC unroll 16
        for (int g = 0; g < kGroups; ++g) weights[g] = Arch::Load(w + g * kValues);
#pragma GCC unroll 16
        for (int p = 0; p < kPixels; ++p) {
          const Vector value = Arch::template Broadcast<kSpread>(from + p * t.pixel_step);
#pragma GCC unroll 16
          for (int g = 0; g < kGroups; ++g) {
            acc[g][p] = Arch::Accumulate(acc[g][p], value, weights[g]);
          }
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int g = 0; g < kGroups; ++g) {
    const int64_t first = output + g * Arch::kLanes;
    const Int offset = Arch::LoadInt(t.layer->offset + t.first_output + first);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      acc[g][p] = Arch::Add(offset, Arch::template Total<kSpread>(acc[g][p]));
    }
    requantization::Requantize<Arch, kPixels>(t, acc[g], pixel, first);
  }
}

// All pixels in tiles of kPixels. What is left of them is done by a tile that begins earlier and
// computes some pixels again: their values are the same.
template <class Arch, int kPixels, int kGroups, int kSpread>
inline void PanelRow(const RowTask<typename Arch::Data>& t, const Panel& panel) {
  if (t.pixels < kPixels) {
    if constexpr (kPixels > 1) PanelRow<Arch, kPixels / 2, kGroups, kSpread>(t, panel);
    return;
  }
  const int16_t* const w = t.weights + panel.weights;
  const int64_t output = panel.first_output;
  int64_t p = 0;
  for (; p + kPixels <= t.pixels; p += kPixels) {
    Tile<Arch, kPixels, kGroups, kSpread>(t, w, p, output);
  }
  if (p < t.pixels) Tile<Arch, kPixels, kGroups, kSpread>(t, w, t.pixels - kPixels, output);
}

// The body of a kernel: call it from a function that is compiled for the instruction set.
template <class Arch>
inline void Row(const RowTask<typename Arch::Data>& t) {
  for (const Panel* panel = t.panels; panel != t.panels + t.panel_count; ++panel) {
    if (panel->groups > 1) {
      PanelRow<Arch, Arch::kPixels, Arch::kGroups, 1>(t, *panel);
    } else if (panel->spread == 1) {
      PanelRow<Arch, Arch::kPixels, 1, 1>(t, *panel);
    } else if (panel->spread == 2) {
      if constexpr (Arch::kMostSpread >= 2) PanelRow<Arch, Arch::kPixels, 1, 2>(t, *panel);
    } else {
      if constexpr (Arch::kMostSpread >= 4) PanelRow<Arch, Arch::kPixels, 1, 4>(t, *panel);
    }
  }
}

// Defines the Kernel object `kernel_NAME` of an Arch.
#define ADDERSR_DEFINE_CONV_KERNEL(isa_name, kernel_name, Arch)                               \
  namespace {                                                                                 \
  std::atomic<uint64_t> calls_##kernel_name{0};                                               \
  void Row_##kernel_name(const RowTask<Arch::Data>& task) {                                   \
    calls_##kernel_name.fetch_add(1, std::memory_order_relaxed);                              \
    Row<Arch>(task);                                                                          \
  }                                                                                           \
  }                                                                                           \
  extern const Kernel<Arch::Data> kernel_##kernel_name;                                       \
  const Kernel<Arch::Data> kernel_##kernel_name {                                             \
    #isa_name, #kernel_name, Arch::kLanes, Arch::kGroups, Arch::kChannels, Arch::kMostSpread, \
        Row_##kernel_name, &calls_##kernel_name                                               \
  }

}  // namespace addersr::qlinear_fused_conv
