// From integer sums to the output, for kLanes outputs of one pixel. SPECIFICATION.md, section
// "Requantisation", defines each operation and its rounding; none may be fused with another.
//
// An Arch provides (Int: kLanes int32, Float: kLanes fp32):
//   Int LoadInt(const int32_t*), Float LoadFloat(const float*), Int LoadData(const T*): kLanes of
//   them Int Add, Sub, Min, Max(Int, Int), Int IntBroadcast(int32_t), Int ShiftRight(Int, int),
//   IntZero() Float ToFloat(Int), Multiply, AddFloat, MinFloat, MaxFloat(Float, Float),
//   FloatBroadcast(float) Int Round(Float): to the nearest, ties to even; arguments are within
//   ±2^21 void StoreInt(int32_t*, Int), StoreData(T*, Int): kLanes of them; the Int holds values of
//   T
#pragma once

#include <cstring>

#include "custom_ops/qlinear_adder_conv/kernel.h"

namespace addersr::qlinear_adder_conv {

// R's part of the sum before the last shift: its range, so that nothing overflows.
constexpr float kResidualLimit = 1048576.0F;  // 2^20

// t: where the sums of some pixels fall in the table's domain, in place.
template <class Arch, int kPixels>
inline void Domain(const RowTask<typename Arch::Data>& t, typename Arch::Int (&sums)[kPixels],
                   int64_t pixel, int64_t output, const typename Arch::Data* z, int64_t step) {
  using Int = typename Arch::Int;
  using Float = typename Arch::Float;
  const Requantization<typename Arch::Data>& layer = *t.layer;
  const int64_t parameter = t.first_output + output;
  const Int offset = Arch::LoadInt(layer.offset + parameter);
  const Float multiplier = Arch::LoadFloat(layer.multiplier + parameter);
  const Float bias = Arch::LoadFloat(layer.bias + parameter);
  Float f[kPixels];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
    Int difference = offset;
    if constexpr (Arch::kMaxForm) {
      difference = Arch::Add(difference, Arch::IntBroadcast(t.x_sums[pixel + p]));
      difference = Arch::Sub(difference, Arch::Add(sums[p], sums[p]));
    } else {
      difference = Arch::Sub(difference, sums[p]);
    }
    f[p] = Arch::AddFloat(Arch::Multiply(Arch::ToFloat(difference), multiplier), bias);
  }
  if (z != nullptr) {
    const Int zero_point = Arch::LoadInt(layer.z_zero_point + parameter);
    const Float z_multiplier = Arch::LoadFloat(layer.z_multiplier + parameter);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      const Float centred = Arch::ToFloat(Arch::Sub(Arch::LoadData(z + p * step), zero_point));
      f[p] = Arch::AddFloat(f[p], Arch::Multiply(centred, z_multiplier));
    }
  } else if (t.z_term != nullptr) {
    const Float term = Arch::LoadFloat(t.z_term + output);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) f[p] = Arch::AddFloat(f[p], term);
  }
  // What is not clamped here stays in int32, and is clamped when it is stored.
  if (!layer.bounded || layer.adds || layer.activation != Activation::kRamp) {
    const Float low = Arch::FloatBroadcast(layer.t_low);
    const Float high = Arch::FloatBroadcast(layer.t_high);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) f[p] = Arch::MinFloat(Arch::MaxFloat(f[p], low), high);
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) sums[p] = Arch::Round(f[p]);
}

// (u + R's part) >> fraction, rounded half up, in place.
template <class Arch, int kPixels>
inline void Finish(const RowTask<typename Arch::Data>& t, typename Arch::Int (&u)[kPixels],
                   int64_t output, const typename Arch::Data* r, int64_t step) {
  using Int = typename Arch::Int;
  using Float = typename Arch::Float;
  const Requantization<typename Arch::Data>& layer = *t.layer;
  if (r != nullptr) {
    const int64_t parameter = t.first_output + output;
    const Int zero_point = Arch::LoadInt(layer.r_zero_point + parameter);
    const Float multiplier = Arch::LoadFloat(layer.r_multiplier + parameter);
    const Float low = Arch::FloatBroadcast(-kResidualLimit);
    const Float high = Arch::FloatBroadcast(kResidualLimit);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      const Float centred = Arch::ToFloat(Arch::Sub(Arch::LoadData(r + p * step), zero_point));
      const Float f = Arch::Multiply(centred, multiplier);
      u[p] = Arch::Add(u[p], Arch::Round(Arch::MinFloat(Arch::MaxFloat(f, low), high)));
    }
  } else if (t.r_term != nullptr) {
    const Int term = Arch::LoadInt(t.r_term + output);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) u[p] = Arch::Add(u[p], term);
  }
  const Int half = Arch::IntBroadcast((1 << layer.table_fraction) >> 1);
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
    u[p] = Arch::ShiftRight(Arch::Add(u[p], half), layer.table_fraction);
  }
}

// Arch::StoreClamped for those that store one pixel at a time, by StoreData(T*, Int).
template <class Arch, int kPixels>
inline void StoreEach(typename Arch::Data* y, int64_t step, const typename Arch::Int (&u)[kPixels],
                      int32_t low, int32_t high) {
  const typename Arch::Int least = Arch::IntBroadcast(low);
  const typename Arch::Int most = Arch::IntBroadcast(high);
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
    Arch::StoreData(y + p * step, Arch::Min(Arch::Max(u[p], least), most));
  }
}

// The sums of kLanes outputs of neighbouring pixels, where the tensors z, r and y have kLanes
// values for each, `step` apart.
template <class Arch, int kPixels>
inline void RequantizeVectors(const RowTask<typename Arch::Data>& t,
                              typename Arch::Int (&u)[kPixels], int64_t pixel, int64_t output,
                              const typename Arch::Data* z, const typename Arch::Data* r,
                              typename Arch::Data* y, int64_t step) {
  using Data = typename Arch::Data;
  using Int = typename Arch::Int;
  const Requantization<Data>& layer = *t.layer;
  Domain<Arch, kPixels>(t, u, pixel, output, z, step);
  if (layer.activation == Activation::kRamp) {
    if (layer.ramp_start != 0) {
      const Int start = Arch::IntBroadcast(layer.ramp_start);
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) u[p] = Arch::Add(u[p], start);
    }
  } else {
    // One after the other: no instruction set has a faster way for tables of 12 bits.
    alignas(64) int32_t indices[kPixels][Arch::kLanes];
    const Int table_offset = Arch::LoadInt(layer.table_offset + t.first_output + output);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      Arch::StoreInt(indices[p], Arch::Add(u[p], table_offset));
    }
    // Through memory: a compiler that sees through it takes lanes out of registers, at half the
    // speed.
    __asm__ volatile("" : : "r"(indices) : "memory");
    if (layer.activation == Activation::kLookup) {
      const Data* const table = layer.outputs;
      for (int p = 0; p < kPixels; ++p, y += step) {
#pragma GCC unroll 16
        for (int i = 0; i < Arch::kLanes; ++i) {
          y[i] = table[static_cast<uint32_t>(indices[p][i])];
        }
      }
      return;
    }
    const int16_t* const table = layer.table;
    for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 16
      for (int i = 0; i < Arch::kLanes; ++i) {
        indices[p][i] = table[static_cast<uint32_t>(indices[p][i])];
      }
      u[p] = Arch::LoadInt(indices[p]);
    }
  }
  if (layer.adds || layer.table_fraction != 0) {
    Finish<Arch, kPixels>(t, u, output, r, step);
  }
  Arch::template StoreClamped<kPixels>(y, step, u, layer.low, layer.high);
}

// Requantises the sums of the outputs [output, output + kLanes) of neighbouring pixels, as far as
// these outputs exist.
template <class Arch, int kPixels>
inline void Requantize(const RowTask<typename Arch::Data>& t, typename Arch::Int (&sums)[kPixels],
                       int64_t pixel, int64_t output) {
  using Data = typename Arch::Data;
  const int64_t step = t.pixel_outputs;
  const int64_t at = pixel * step + output;
  const Data* z = t.z == nullptr ? nullptr : t.z + at;
  const Data* r = t.r == nullptr ? nullptr : t.r + at;
  Data* y = t.y + at;
  const int64_t left = t.outputs - output;
  if (left >= Arch::kLanes) {
    RequantizeVectors<Arch, kPixels>(t, sums, pixel, output, z, r, y, step);
    return;
  }
  // The last outputs: by way of buffers, since the tensors may end there.
  Data z_buffer[kPixels][Arch::kLanes] = {};
  Data r_buffer[kPixels][Arch::kLanes] = {};
  Data y_buffer[kPixels][Arch::kLanes];
  const size_t bytes = static_cast<size_t>(left) * sizeof(Data);
  for (int p = 0; p < kPixels; ++p) {
    if (z != nullptr) std::memcpy(z_buffer[p], z + p * step, bytes);
    if (r != nullptr) std::memcpy(r_buffer[p], r + p * step, bytes);
  }
  RequantizeVectors<Arch, kPixels>(t, sums, pixel, output, z == nullptr ? nullptr : *z_buffer,
                                   r == nullptr ? nullptr : *r_buffer, *y_buffer, Arch::kLanes);
  for (int p = 0; p < kPixels; ++p) std::memcpy(y + p * step, y_buffer[p], bytes);
}

}  // namespace addersr::qlinear_adder_conv
