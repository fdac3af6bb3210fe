// The loop of QLinearAdderConv, written once for all instruction sets and both types.
//
//   for each panel of outputs, for each tile of pixels:
//     S[p][o] = sum over taps of |x[p][tap] - w[tap][o]|,  or of max(x, w)
//     y[p][o] = Requantize(offset[o] - S[p][o])            (requantization/)
//
// The maximum stands in for the difference where a difference takes more instructions:
// |x - w| = 2 max(x, w) - x - w, where the sum of x is shared by all outputs of a pixel and that of
// w is a constant.
//
// An Arch is one of the Lanes of isa/lanes.h (an Int is that of kLanes outputs), and provides
//   Vector: of T. Accumulator: of sums. kChannels: input channels of one step.
//   kUnit: channels of one output side by side in a panel: kChannels, or a divisor of it
//   kAccumulators: Accumulators that make one Int of sums. kPixels, kGroups: the tile.
//   kMaxForm; kAccumulator: what a narrow accumulator holds, divided by the values that a step adds
//   to it; 0 if none overflows
//   kBits: most bits that the data may have
//   kSlots[kLanes]: the output of each run of kUnit values in kAccumulators Vectors
//   Vector Load(const T*); with kUnit < kChannels Load(const T*, values from one unit to the next)
//   Vector Broadcast(const T*): kChannels values, repeated
//   Accumulator Zero(), Accumulate(Accumulator, Vector x, Vector w)
//   Int Total(const Accumulator*): the sums of kLanes outputs; Int Add(Int, Int)
//   int32_t Reduce(Int): the sum of its lanes; for the max form only
#pragma once

#include "custom_ops/qlinear_adder_conv/kernel.h"
#include "custom_ops/requantization/requantize.h"

namespace addersr::qlinear_adder_conv {

template <class Arch, int kPixels, int kGroups>
inline void Tile(const RowTask<typename Arch::Data>& t, const typename Arch::Data* panel,
                 int64_t pixel, int64_t output) {
  using Data = typename Arch::Data;
  using Vector = typename Arch::Vector;
  using Accumulator = typename Arch::Accumulator;
  using Int = typename Arch::Int;
  constexpr int kVectors = kGroups * Arch::kAccumulators;
  constexpr int kUnitValues = Arch::kLanes * Arch::kUnit / Arch::kAccumulators;
  const Data* x = t.x + pixel * t.pixel_step;
  Accumulator acc[kPixels][kVectors];
  const auto clear = [&] {
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) acc[p][v] = Arch::Zero();
    }
  };
  clear();
  // Sums that left their narrow accumulators; for instruction sets without such, all of it is
  // unused.
  Int total[kPixels][kGroups];
  if constexpr (Arch::kAccumulator != 0) {
    for (auto& of_pixel : total) {
      for (Int& of_group : of_pixel) of_group = Arch::IntZero();
    }
  }
  const auto flush = [&] {
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 16
      for (int g = 0; g < kGroups; ++g) {
        total[p][g] = Arch::Add(total[p][g], Arch::Total(acc[p] + g * Arch::kAccumulators));
      }
    }
    clear();
  };
  const auto steps = [&](const Data* from, const Data* end) {
    for (; from < end; from += Arch::kChannels) {
      Vector w[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        if constexpr (Arch::kUnit == Arch::kChannels) {
          w[v] = Arch::Load(panel + v * kUnitValues);
        } else {
          w[v] = Arch::Load(panel + v * kUnitValues, kVectors * kUnitValues);
        }
      }
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) {
        const Vector value = Arch::Broadcast(from + p * t.pixel_step);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) acc[p][v] = Arch::Accumulate(acc[p][v], value, w[v]);
      }
      panel += kVectors * kUnitValues * (Arch::kChannels / Arch::kUnit);
    }
  };
  // Values that the narrow accumulators can still take.
  [[maybe_unused]] const int64_t capacity = t.flush_steps * Arch::kChannels;
  [[maybe_unused]] int64_t room = capacity;
  for (int64_t row = 0; row < t.kernel_height; ++row) {
    for (int64_t column = 0; column < t.kernel_width; ++column) {
      const Data* tap = x + row * t.tap_row_step + column * t.tap_column_step;
      const Data* const end = tap + t.channels;
      if constexpr (Arch::kAccumulator == 0) {
        steps(tap, end);
      } else {
        for (; tap < end; tap += t.segment) {
          const Data* const stop = end - tap < t.segment ? end : tap + t.segment;
          if (room < t.segment) {
            flush();
            room = capacity;
          }
          steps(tap, stop);
          room -= t.segment;
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int g = 0; g < kGroups; ++g) {
    const int64_t first = output + g * Arch::kLanes;
    const Int offset = Arch::LoadInt(t.layer->offset + t.first_output + first);
    Int d[kPixels];
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      Int sum = Arch::Total(acc[p] + g * Arch::kAccumulators);
      if constexpr (Arch::kAccumulator != 0) sum = Arch::Add(sum, total[p][g]);
      if constexpr (Arch::kMaxForm) {
        d[p] = Arch::Add(offset, Arch::IntBroadcast(t.x_sums[pixel + p]));
        d[p] = Arch::Sub(d[p], Arch::Add(sum, sum));
      } else {
        d[p] = Arch::Sub(offset, sum);
      }
    }
    requantization::Requantize<Arch, kPixels>(t, d, pixel, first);
  }
}

// All pixels in tiles of kPixels. What is left of them is done by a tile that begins earlier and
// computes some pixels again: their values are the same.
template <class Arch, int kPixels, int kGroups>
inline void PanelRow(const RowTask<typename Arch::Data>& t, const typename Arch::Data* panel,
                     int64_t output) {
  if (t.pixels < kPixels) {
    if constexpr (kPixels > 1) PanelRow<Arch, kPixels / 2, kGroups>(t, panel, output);
    return;
  }
  int64_t p = 0;
  for (; p + kPixels <= t.pixels; p += kPixels) Tile<Arch, kPixels, kGroups>(t, panel, p, output);
  if (p < t.pixels) Tile<Arch, kPixels, kGroups>(t, panel, t.pixels - kPixels, output);
}

// The body of a kernel: call it from a function that is compiled for the instruction set.
template <class Arch>
inline void Row(const RowTask<typename Arch::Data>& t) {
  const int64_t filter = t.kernel_height * t.kernel_width * t.channels;
  constexpr int64_t kWide = Arch::kGroups * Arch::kLanes;
  const typename Arch::Data* panel = t.panels;
  int64_t o = 0;
  for (; t.outputs - o > kWide - Arch::kLanes; o += kWide, panel += filter * kWide) {
    PanelRow<Arch, Arch::kPixels, Arch::kGroups>(t, panel, o);
  }
  for (; o < t.outputs; o += Arch::kLanes, panel += filter * Arch::kLanes) {
    PanelRow<Arch, Arch::kPixels, 1>(t, panel, o);
  }
}

// Kernel::sum_channels by the vectors of an Arch of the max form.
template <class Arch>
inline void SumChannels(const typename Arch::Data* pixels, int64_t count, int64_t channels,
                        int32_t* sums) {
  constexpr int64_t kValues = Arch::kLanes * Arch::kChannels / Arch::kAccumulators;
  for (int64_t i = 0; i < count; ++i, pixels += channels) {
    typename Arch::Int of_lanes = Arch::IntZero();
    int64_t c = 0;
    for (; c + kValues <= channels; c += kValues) {
      const typename Arch::Vector values = Arch::Load(pixels + c);
      of_lanes = Arch::Add(of_lanes, Arch::Total(&values));
    }
    int32_t sum = Arch::Reduce(of_lanes);
    for (; c < channels; ++c) sum += pixels[c];
    sums[i] = sum;
  }
}

template <class Arch>
constexpr auto SumChannelsOf() {
  if constexpr (Arch::kMaxForm) {
    return &SumChannels<Arch>;
  } else {
    return nullptr;
  }
}

// Defines the Kernel object `kernel_NAME` of an Arch.
#define ADDERSR_DEFINE_QLINEAR_KERNEL(isa_name, kernel_name, Arch)                        \
  namespace {                                                                             \
  std::atomic<uint64_t> calls_##kernel_name{0};                                           \
  void Row_##kernel_name(const RowTask<Arch::Data>& task) {                               \
    calls_##kernel_name.fetch_add(1, std::memory_order_relaxed);                          \
    Row<Arch>(task);                                                                      \
  }                                                                                       \
  }                                                                                       \
  extern const Kernel<Arch::Data> kernel_##kernel_name;                                   \
  const Kernel<Arch::Data> kernel_##kernel_name {                                         \
    #isa_name, #kernel_name, Arch::kLanes, Arch::kGroups, Arch::kChannels, Arch::kUnit,   \
        Arch::kMaxForm, Arch::kAccumulator, Arch::kBits, Arch::kSlots, Row_##kernel_name, \
        SumChannelsOf<Arch>(), &calls_##kernel_name                                       \
  }

}  // namespace addersr::qlinear_adder_conv
