// The loops of the three ops, written once for all instruction sets. Lanes is a template of
// isa/lanes.h, of which a file gives one that no other file has.
#pragma once

#include <cstring>

#include "custom_ops/isa/counted.h"
#include "custom_ops/quantization/kernel.h"

namespace addersr::quantization {

// Calls step(i, at) for each vector of values from i on, whose parameters are at `at`, and returns
// the first value that is left over.
template <class Lanes, class Step>
inline int64_t Vectors(int64_t count, const Pattern& pattern, const Step& step) {
  int64_t i = 0, at = 0;
  for (; i + Lanes::kLanes <= count; i += Lanes::kLanes) {
    step(i, at);
    at += Lanes::kLanes;
    if (at == pattern.vectors * Lanes::kLanes) at = 0;
  }
  return i;
}

// Runs a loop on what does not fill a vector, by way of buffers, since the tensors may end there.
// `first` is the first value, at a place of the pattern that loop(x, y, pattern) is given as 0.
template <class Lanes, class X, class Y, class Loop>
inline void Rest(const X* x, int64_t first, int64_t count, const Pattern& pattern, Y* y,
                 const Loop& loop) {
  if (first == count) return;
  const int64_t at = first % (pattern.vectors * Lanes::kLanes);
  const auto from = [at](auto* parameters) {
    return parameters == nullptr ? nullptr : parameters + at;
  };
  const Pattern rest{1,
                     from(pattern.multiplier),
                     from(pattern.x_zero_point),
                     from(pattern.y_zero_point),
                     from(pattern.least),
                     from(pattern.most),
                     pattern.low,
                     pattern.high};
  X x_buffer[Lanes::kLanes] = {};
  Y y_buffer[Lanes::kLanes];
  const auto left = static_cast<size_t>(count - first);
  std::memcpy(x_buffer, x + first, left * sizeof(X));
  loop(x_buffer, rest, y_buffer);
  std::memcpy(y + first, y_buffer, left * sizeof(Y));
}

// rint(clamp(f·multiplier)) + zero point, stored.
template <class Lanes>
inline void ToIntegers(typename Lanes::Float f, int64_t at, const Pattern& pattern,
                       typename Lanes::Data* y) {
  f = Lanes::Multiply(f, Lanes::LoadFloat(pattern.multiplier + at));
  f = Lanes::MaxFloat(f, Lanes::LoadFloat(pattern.least + at));
  f = Lanes::MinFloat(f, Lanes::LoadFloat(pattern.most + at));
  const typename Lanes::Int u[1] = {
      Lanes::Add(Lanes::Round(f), Lanes::LoadInt(pattern.y_zero_point + at))};
  Lanes::template StoreClamped<1>(y, Lanes::kLanes, u, pattern.low, pattern.high);
}

template <template <class> class Lanes, class T>
void QuantizeLoop(const float* x, int64_t count, const Pattern& pattern, T* y) {
  using L = Lanes<T>;
  const int64_t end = Vectors<L>(count, pattern, [&](int64_t i, int64_t at) {
    ToIntegers<L>(L::LoadFloat(x + i), at, pattern, y + i);
  });
  Rest<L>(x, end, count, pattern, y, [](const float* from, const Pattern& rest, T* to) {
    ToIntegers<L>(L::LoadFloat(from), 0, rest, to);
  });
}

// The integers of X in fp32, centred.
template <class L>
inline typename L::Float Centred(const typename L::Data* x, int64_t at, const Pattern& pattern) {
  return L::ToFloat(L::Sub(L::LoadData(x), L::LoadInt(pattern.x_zero_point + at)));
}

template <template <class> class Lanes, class X, class Y>
void RequantizeLoop(const X* x, int64_t count, const Pattern& pattern, Y* y) {
  using L = Lanes<Y>;
  const int64_t end = Vectors<L>(count, pattern, [&](int64_t i, int64_t at) {
    ToIntegers<L>(Centred<Lanes<X>>(x + i, at, pattern), at, pattern, y + i);
  });
  Rest<L>(x, end, count, pattern, y, [](const X* from, const Pattern& rest, Y* to) {
    ToIntegers<L>(Centred<Lanes<X>>(from, 0, rest), 0, rest, to);
  });
}

template <template <class> class Lanes, class T>
void DequantizeLoop(const T* x, const float* anchors, float anchor, int64_t count,
                    const Pattern& pattern, float* y) {
  using L = Lanes<T>;
  const auto product = [](const T* from, int64_t at, const Pattern& of) {
    return L::Multiply(Centred<L>(from, at, of), L::LoadFloat(of.multiplier + at));
  };
  const typename L::Float same = L::FloatBroadcast(anchor);
  const int64_t end = Vectors<L>(count, pattern, [&](int64_t i, int64_t at) {
    const auto added = anchors == nullptr ? same : L::LoadFloat(anchors + i);
    L::StoreFloat(y + i, L::AddFloat(product(x + i, at, pattern), added));
  });
  Rest<L>(x, end, count, pattern, y, [&](const T* from, const Pattern& rest, float* to) {
    float added[L::kLanes];
    for (int64_t i = 0; i < L::kLanes; ++i) {
      added[i] = anchors != nullptr && end + i < count ? anchors[end + i] : anchor;
    }
    L::StoreFloat(to, L::AddFloat(product(from, 0, rest), L::LoadFloat(added)));
  });
}

// Defines the Kernel object `kernel_NAME` of a template of Lanes.
#define ADDERSR_DEFINE_QUANTIZATION_KERNEL(isa_name, kernel_name, Lanes)                      \
  namespace {                                                                                 \
  std::atomic<uint64_t> calls_##kernel_name{0};                                               \
  template <auto kFunction>                                                                   \
  constexpr auto Counting = &isa::Counted<calls_##kernel_name, kFunction>::Run;               \
  }                                                                                           \
  extern const Kernel kernel_##kernel_name;                                                   \
  const Kernel kernel_##kernel_name {                                                         \
    #isa_name, #kernel_name, Lanes<uint8_t>::kLanes, Counting<&QuantizeLoop<Lanes, uint8_t>>, \
        Counting<&QuantizeLoop<Lanes, int16_t>>, Counting<&DequantizeLoop<Lanes, uint8_t>>,   \
        Counting<&DequantizeLoop<Lanes, int16_t>>,                                            \
        Counting<&RequantizeLoop<Lanes, uint8_t, uint8_t>>,                                   \
        Counting<&RequantizeLoop<Lanes, uint8_t, int16_t>>,                                   \
        Counting<&RequantizeLoop<Lanes, int16_t, uint8_t>>,                                   \
        Counting<&RequantizeLoop<Lanes, int16_t, int16_t>>, &calls_##kernel_name              \
  }

}  // namespace addersr::quantization
