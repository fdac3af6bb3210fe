// The loops of both ops, written once for all instruction sets. A file gives them a type Pixels of
// its own, which no other file has: the lanes of isa/lanes.h for uint8_t, and
// - Rgb: kLanes pixels. Rgb LoadPixels(const uint8_t*)
// - Int Weighted(Rgb, red, green, blue): their sum with these int16 weights, in int32
// - Int Pair(Int u, Int v): pairs (kernel.h) of values that fit into int16
// - Int WeightedPair(Int pairs, u, v): the sum of a pair with these int16 weights, in int32
// - Weights: five int16. Weights MakeWeights(const int16_t*)
// - Int Filter(const Int (&taps)[5], Weights): pairs of (the sums + 2^13) >> 14
// - void StorePixels(uint8_t*, Int red, Int green, Int blue): clamped to 0…255 from ±2^15
// - kSlack: pixels behind those at hand that LoadPixels may read and StorePixels may change
#pragma once

#include <cstring>

#include "custom_ops/image/kernel.h"
#include "custom_ops/isa/counted.h"

namespace addersr::image {

// The most pixels that are left over, in vectors, and the slack behind them.
template <class Pixels>
constexpr int64_t kRest = 2 * Pixels::kLanes + Pixels::kSlack;

// Calls step(vector of pixels, where its values go) for all pixels. Where that would reach behind
// the last of them, it is by way of buffers.
template <class P, class T, class Step>
inline void FromPixels(const uint8_t* rgb, int64_t pixels, T* to, const Step& step) {
  int64_t i = 0;
  for (; i + P::kLanes + P::kSlack <= pixels; i += P::kLanes)
    step(P::LoadPixels(rgb + 3 * i), to + i);
  const int64_t left = pixels - i;
  if (left == 0) return;
  uint8_t rgb_buffer[3 * kRest<P>] = {};
  T buffer[kRest<P>];
  std::memcpy(rgb_buffer, rgb + 3 * i, static_cast<size_t>(3 * left));
  for (int64_t j = 0; j < left; j += P::kLanes) step(P::LoadPixels(rgb_buffer + 3 * j), buffer + j);
  std::memcpy(to + i, buffer, static_cast<size_t>(left) * sizeof(T));
}

template <class P>
void Luma(const uint8_t* rgb, int64_t pixels, float* y) {
  const typename P::Float factor = P::FloatBroadcast(static_cast<float>(219.0 / 65025000.0));
  const typename P::Float offset = P::FloatBroadcast(static_cast<float>(16.0 / 255.0));
  FromPixels<P>(rgb, pixels, y, [&](const typename P::Rgb& of, float* to) {
    const typename P::Float sums = P::ToFloat(P::Weighted(of, 299, 587, 114));
    P::StoreFloat(to, P::AddFloat(P::Multiply(sums, factor), offset));
  });
}

template <class P>
void Chroma(const uint8_t* rgb, int64_t pixels, int32_t* pairs) {
  const typename P::Int half = P::IntBroadcast(1 << 8);
  FromPixels<P>(rgb, pixels, pairs, [&](const typename P::Rgb& of, int32_t* to) {
    const typename P::Int u = P::Weighted(of, -9798, -19235, 29033);
    const typename P::Int v = P::Weighted(of, 22971, -19235, -3736);
    P::StoreInt(to, P::Pair(P::ShiftRight(P::Add(u, half), 9), P::ShiftRight(P::Add(v, half), 9)));
  });
}

template <class P>
void FilterRow(const int32_t* const* arrays, const int16_t* weights, int64_t pixels,
               int32_t* pairs) {
  const typename P::Weights w = P::MakeWeights(weights);
  for (int64_t i = 0; i < pixels; i += P::kLanes) {
    const typename P::Int taps[kTaps] = {P::LoadInt(arrays[0] + i), P::LoadInt(arrays[1] + i),
                                         P::LoadInt(arrays[2] + i), P::LoadInt(arrays[3] + i),
                                         P::LoadInt(arrays[4] + i)};
    P::StoreInt(pairs + i, P::Filter(taps, w));
  }
}

// The compiler makes vectors of this. P keeps the files' functions apart.
template <class P, int64_t kScale>
void InterleaveFixed(const int32_t* phases, int64_t step, int64_t pixels, int32_t* pairs) {
  for (int64_t i = 0; i < pixels; ++i) {
    for (int64_t p = 0; p < kScale; ++p) pairs[i * kScale + p] = phases[p * step + i];
  }
}

template <class P>
void Interleave(const int32_t* phases, int64_t step, int64_t scale, int64_t pixels,
                int32_t* pairs) {
  switch (scale) {
    case 1:
      return InterleaveFixed<P, 1>(phases, step, pixels, pairs);
    case 2:
      return InterleaveFixed<P, 2>(phases, step, pixels, pairs);
    case 3:
      return InterleaveFixed<P, 3>(phases, step, pixels, pairs);
    case 4:
      return InterleaveFixed<P, 4>(phases, step, pixels, pairs);
    default:
      for (int64_t p = 0; p < scale; ++p) {
        for (int64_t i = 0; i < pixels; ++i) pairs[i * scale + p] = phases[p * step + i];
      }
  }
}

template <class P>
void Join(const float* y, const int32_t* pairs, int64_t pixels, uint8_t* rgb) {
  using Float = typename P::Float;
  const Float least = P::FloatBroadcast(-2.0F), most = P::FloatBroadcast(3.0F);
  const Float factor = P::FloatBroadcast(static_cast<float>(65025.0 / 219.0));
  const Float offset = P::FloatBroadcast(-static_cast<float>(4080.0 / 219.0));
  // Of sums with weights of 2^15; where only one of the pair counts, its weight is 1.
  const Float share = P::FloatBroadcast(0x1p-21F), alone = P::FloatBroadcast(0x1p-6F);
  const auto step = [&](const float* luma, const int32_t* of, uint8_t* to) {
    const Float limited = P::MinFloat(P::MaxFloat(P::LoadFloat(luma), least), most);
    const Float full = P::AddFloat(P::Multiply(limited, factor), offset);
    const typename P::Int chroma = P::LoadInt(of);
    const auto colour = [&](int16_t u, int16_t v, const Float& unit) {
      const Float sums = P::ToFloat(P::WeightedPair(chroma, u, v));
      return P::Round(P::AddFloat(full, P::Multiply(sums, unit)));
    };
    P::StorePixels(to, colour(0, 1, alone), colour(-6364, -16691, share), colour(1, 0, alone));
  };
  int64_t i = 0;
  for (; i + P::kLanes + P::kSlack <= pixels; i += P::kLanes) step(y + i, pairs + i, rgb + 3 * i);
  const int64_t left = pixels - i;
  if (left == 0) return;
  float y_buffer[kRest<P>] = {};
  uint8_t rgb_buffer[3 * kRest<P>];
  std::memcpy(y_buffer, y + i, static_cast<size_t>(left) * sizeof(float));
  for (int64_t j = 0; j < left; j += P::kLanes)
    step(y_buffer + j, pairs + i + j, rgb_buffer + 3 * j);
  std::memcpy(rgb + 3 * i, rgb_buffer, static_cast<size_t>(3 * left));
}

// Defines the Kernel object `kernel_NAME` of a type Pixels.
#define ADDERSR_DEFINE_IMAGE_KERNEL(isa_name, kernel_name, Pixels)                            \
  namespace {                                                                                 \
  std::atomic<uint64_t> calls_##kernel_name{0};                                               \
  template <auto kFunction>                                                                   \
  constexpr auto Counting = &isa::Counted<calls_##kernel_name, kFunction>::Run;               \
  }                                                                                           \
  extern const Kernel kernel_##kernel_name;                                                   \
  const Kernel kernel_##kernel_name {                                                         \
    #isa_name, #kernel_name, Counting<&Luma<Pixels>>, Counting<&Chroma<Pixels>>,              \
        Counting<&FilterRow<Pixels>>, Counting<&Interleave<Pixels>>, Counting<&Join<Pixels>>, \
        &calls_##kernel_name                                                                  \
  }

}  // namespace addersr::image
