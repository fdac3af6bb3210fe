// From an integer D = offset + or - sums to the output, for kLanes outputs of one pixel.
// SPECIFICATION.md names each operation and its rounding; none may be fused with another. A Lanes
// type is described in isa/lanes.h.
#pragma once

#include <cstring>

#include "custom_ops/requantization/requantization.h"

namespace addersr::requantization {

// t: where the differences D of some pixels fall in the table's domain, in place.
template <class Lanes, int kPixels>
inline void Domain(const Row<typename Lanes::Data>& t, typename Lanes::Int (&d)[kPixels],
                   int64_t output, const typename Lanes::Data* z, int64_t step) {
  using Int = typename Lanes::Int;
  using Float = typename Lanes::Float;
  const Requantization<typename Lanes::Data>& layer = *t.layer;
  const int64_t parameter = t.first_output + output;
  const Float multiplier = Lanes::LoadFloat(layer.multiplier + parameter);
  const Float bias = Lanes::LoadFloat(layer.bias + parameter);
  Float f[kPixels];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
    f[p] = Lanes::AddFloat(Lanes::Multiply(Lanes::ToFloat(d[p]), multiplier), bias);
  }
  if (z != nullptr) {
    const Int zero_point = Lanes::LoadInt(layer.z_zero_point + parameter);
    const Float z_multiplier = Lanes::LoadFloat(layer.z_multiplier + parameter);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      const Float centred = Lanes::ToFloat(Lanes::Sub(Lanes::LoadData(z + p * step), zero_point));
      f[p] = Lanes::AddFloat(f[p], Lanes::Multiply(centred, z_multiplier));
    }
  } else if (t.z_term != nullptr) {
    const Float term = Lanes::LoadFloat(t.z_term + output);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) f[p] = Lanes::AddFloat(f[p], term);
  }
  // What is not clamped here stays in int32, and is clamped when it is stored.
  if (!layer.bounded || layer.adds || layer.activation != Activation::kRamp) {
    const Float low = Lanes::FloatBroadcast(layer.t_low);
    const Float high = Lanes::FloatBroadcast(layer.t_high);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) f[p] = Lanes::MinFloat(Lanes::MaxFloat(f[p], low), high);
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) d[p] = Lanes::Round(f[p]);
}

// (u + R's part) >> fraction, rounded half up, in place.
template <class Lanes, int kPixels>
inline void Finish(const Row<typename Lanes::Data>& t, typename Lanes::Int (&u)[kPixels],
                   int64_t output, const typename Lanes::Data* r, int64_t step) {
  using Int = typename Lanes::Int;
  using Float = typename Lanes::Float;
  const Requantization<typename Lanes::Data>& layer = *t.layer;
  if (r != nullptr) {
    const int64_t parameter = t.first_output + output;
    const Int zero_point = Lanes::LoadInt(layer.r_zero_point + parameter);
    const Float multiplier = Lanes::LoadFloat(layer.r_multiplier + parameter);
    const Float low = Lanes::FloatBroadcast(-kResidualLimit);
    const Float high = Lanes::FloatBroadcast(kResidualLimit);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      const Float centred = Lanes::ToFloat(Lanes::Sub(Lanes::LoadData(r + p * step), zero_point));
      const Float f = Lanes::Multiply(centred, multiplier);
      u[p] = Lanes::Add(u[p], Lanes::Round(Lanes::MinFloat(Lanes::MaxFloat(f, low), high)));
    }
  } else if (t.r_term != nullptr) {
    const Int term = Lanes::LoadInt(t.r_term + output);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) u[p] = Lanes::Add(u[p], term);
  }
  const Int half = Lanes::IntBroadcast((1 << layer.table_fraction) >> 1);
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
    u[p] = Lanes::ShiftRight(Lanes::Add(u[p], half), layer.table_fraction);
  }
}

// The differences of kLanes outputs of neighbouring pixels, where the tensors z, r and y have
// kLanes values for each, `step` apart.
template <class Lanes, int kPixels>
inline void RequantizeVectors(const Row<typename Lanes::Data>& t, typename Lanes::Int (&u)[kPixels],
                              int64_t output, const typename Lanes::Data* z,
                              const typename Lanes::Data* r, typename Lanes::Data* y,
                              int64_t step) {
  using Data = typename Lanes::Data;
  using Int = typename Lanes::Int;
  const Requantization<Data>& layer = *t.layer;
  Domain<Lanes, kPixels>(t, u, output, z, step);
  if (layer.activation == Activation::kRamp) {
    if (layer.ramp_start != 0) {
      const Int start = Lanes::IntBroadcast(layer.ramp_start);
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) u[p] = Lanes::Add(u[p], start);
    }
  } else {
    // One after the other: no instruction set has a faster way for tables of 12 bits.
    alignas(64) int32_t indices[kPixels][Lanes::kLanes];
    const Int table_offset = Lanes::LoadInt(layer.table_offset + t.first_output + output);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      Lanes::StoreInt(indices[p], Lanes::Add(u[p], table_offset));
    }
    // Through memory: a compiler that sees through it takes lanes out of registers, at half the
    // speed.
    __asm__ volatile("" : : "r"(indices) : "memory");
    if (layer.activation == Activation::kLookup) {
      const Data* const table = layer.outputs;
      for (int p = 0; p < kPixels; ++p, y += step) {
#pragma GCC unroll 16
        for (int i = 0; i < Lanes::kLanes; ++i) {
          y[i] = table[static_cast<uint32_t>(indices[p][i])];
        }
      }
      return;
    }
    const int16_t* const table = layer.table;
    for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 16
      for (int i = 0; i < Lanes::kLanes; ++i) {
        indices[p][i] = table[static_cast<uint32_t>(indices[p][i])];
      }
      u[p] = Lanes::LoadInt(indices[p]);
    }
  }
  if (layer.adds || layer.table_fraction != 0) {
    Finish<Lanes, kPixels>(t, u, output, r, step);
  }
  Lanes::template StoreClamped<kPixels>(y, step, u, layer.low, layer.high);
}

// A few values, fewer than kLanes, without a call; often they are four.
template <class Lanes>
inline void CopyFew(typename Lanes::Data* to, const typename Lanes::Data* from, int64_t count) {
  if (count == 4) {
    std::memcpy(to, from, 4 * sizeof(*to));
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    to[i] = from[i];
    __asm__ volatile("" : : : "memory");  // else the compiler makes a call of the loop
  }
}

// Requantises the differences D of the outputs [output, output + kLanes) of neighbouring pixels, as
// far as these outputs exist.
template <class Lanes, int kPixels>
inline void Requantize(const Row<typename Lanes::Data>& t, typename Lanes::Int (&d)[kPixels],
                       int64_t pixel, int64_t output) {
  using Data = typename Lanes::Data;
  const int64_t step = t.pixel_outputs;
  const int64_t at = pixel * step + output;
  const Data* z = t.z == nullptr ? nullptr : t.z + at;
  const Data* r = t.r == nullptr ? nullptr : t.r + at;
  Data* y = t.y + at;
  const int64_t left = t.outputs - output;
  if (left >= Lanes::kLanes) {
    RequantizeVectors<Lanes, kPixels>(t, d, output, z, r, y, step);
    return;
  }
  // The last outputs: by way of buffers, since the tensors may end there.
  Data z_buffer[kPixels][Lanes::kLanes] = {};
  Data r_buffer[kPixels][Lanes::kLanes] = {};
  Data y_buffer[kPixels][Lanes::kLanes];
  for (int p = 0; p < kPixels; ++p) {
    if (z != nullptr) CopyFew<Lanes>(z_buffer[p], z + p * step, left);
    if (r != nullptr) CopyFew<Lanes>(r_buffer[p], r + p * step, left);
  }
  RequantizeVectors<Lanes, kPixels>(t, d, output, z == nullptr ? nullptr : *z_buffer,
                                    r == nullptr ? nullptr : *r_buffer, *y_buffer, Lanes::kLanes);
  for (int p = 0; p < kPixels; ++p) CopyFew<Lanes>(y + p * step, y_buffer[p], left);
}

}  // namespace addersr::requantization
