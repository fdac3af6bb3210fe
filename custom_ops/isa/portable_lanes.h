// Four int32 and floats in plain C++, see lanes.h.
#pragma once

#include <cstring>

#include "custom_ops/isa/lanes.h"

namespace addersr::isa {

struct PortableLanesOfAnyData {
  static constexpr int kLanes = 4;
  template <class Lane>
  struct Lanes {
    Lane lane[kLanes];
  };
  using Int = Lanes<int32_t>;
  using Float = Lanes<float>;

  template <class Lane, class From>
  static Lanes<Lane> LoadLanes(const From* from) {
    Lanes<Lane> v;
    for (int i = 0; i < kLanes; ++i) v.lane[i] = from[i];
    return v;
  }
  template <class Lane>
  static Lanes<Lane> Same(Lane value) {
    Lanes<Lane> v;
    for (Lane& lane : v.lane) lane = value;
    return v;
  }
  template <class Lane, class Function>
  static Lanes<Lane> Each(Lanes<Lane> a, const Lanes<Lane>& b, const Function& function) {
    for (int i = 0; i < kLanes; ++i) a.lane[i] = function(a.lane[i], b.lane[i]);
    return a;
  }
  template <class Lane>
  static Lane Larger(Lane a, Lane b) {
    return a > b ? a : b;
  }
  template <class Lane>
  static Lane Smaller(Lane a, Lane b) {
    return a < b ? a : b;
  }

  static Int IntZero() { return Same<int32_t>(0); }
  static Int LoadInt(const int32_t* from) { return LoadLanes<int32_t>(from); }
  static Float LoadFloat(const float* from) { return LoadLanes<float>(from); }
  static Int IntBroadcast(int32_t value) { return Same<int32_t>(value); }
  static Float FloatBroadcast(float value) { return Same<float>(value); }
  static Int Add(Int a, const Int& b) {
    return Each(a, b, [](int32_t x, int32_t y) { return x + y; });
  }
  static Int Sub(Int a, const Int& b) {
    return Each(a, b, [](int32_t x, int32_t y) { return x - y; });
  }
  static Int Min(Int a, const Int& b) { return Each(a, b, Smaller<int32_t>); }
  static Int Max(Int a, const Int& b) { return Each(a, b, Larger<int32_t>); }
  static Int ShiftRight(Int a, int bits) {
    for (int32_t& lane : a.lane) lane >>= bits;
    return a;
  }
  static Float ToFloat(const Int& a) {
    Float v;
    for (int i = 0; i < kLanes; ++i) v.lane[i] = static_cast<float>(a.lane[i]);
    return v;
  }
  static Float Multiply(Float a, const Float& b) {
    return Each(a, b, [](float x, float y) { return x * y; });
  }
  static Float AddFloat(Float a, const Float& b) {
    return Each(a, b, [](float x, float y) { return x + y; });
  }
  static Float MinFloat(Float a, const Float& b) { return Each(a, b, Smaller<float>); }
  static Float MaxFloat(Float a, const Float& b) { return Each(a, b, Larger<float>); }
  // Beside this constant, 1.5 x 2^23, a float has no bits for fractions: the addition rounds.
  static Int Round(const Float& a) {
    constexpr float kMagic = 12582912.0F;
    Int v;
    for (int i = 0; i < kLanes; ++i) {
      v.lane[i] = static_cast<int32_t>((a.lane[i] + kMagic) - kMagic);
    }
    return v;
  }
  static void StoreFloat(float* to, const Float& v) { std::memcpy(to, v.lane, sizeof(v.lane)); }
  static void StoreInt(int32_t* to, const Int& v) { std::memcpy(to, v.lane, sizeof(v.lane)); }
};

template <class T>
struct PortableLanes : PortableLanesOfAnyData {
  using Data = T;
  static Int LoadData(const T* from) { return LoadLanes<int32_t>(from); }
  static void StoreData(T* to, const Int& v) {
    for (int i = 0; i < kLanes; ++i) to[i] = static_cast<T>(v.lane[i]);
  }
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    StoreEach<PortableLanes>(y, step, u, low, high);
  }
};

}  // namespace addersr::isa
