// Two vectors as one of twice the lanes: a tile then has more outputs for each pixel that it
// broadcasts, which pays where a broadcast takes a slot of the arithmetic units (NEON).
#pragma once

namespace addersr::isa {

template <class V>
struct DoubleVector {
  static constexpr int kLanes = 2 * V::kLanes;
  struct Vector {
    typename V::Vector low, high;
  };
  static Vector Load(const float* from) { return {V::Load(from), V::Load(from + V::kLanes)}; }
  static Vector Broadcast(float value) {
    const typename V::Vector both = V::Broadcast(value);
    return {both, both};
  }
  static Vector Zero() { return {V::Zero(), V::Zero()}; }
  static void Store(float* to, const Vector& v) {
    V::Store(to, v.low);
    V::Store(to + V::kLanes, v.high);
  }
  static Vector Add(const Vector& a, const Vector& b) {
    return {V::Add(a.low, b.low), V::Add(a.high, b.high)};
  }
  static Vector Sub(const Vector& a, const Vector& b) {
    return {V::Sub(a.low, b.low), V::Sub(a.high, b.high)};
  }
  static Vector Max(const Vector& a, const Vector& b) {
    return {V::Max(a.low, b.low), V::Max(a.high, b.high)};
  }
};

}  // namespace addersr::isa
