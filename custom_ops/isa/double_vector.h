// Two vectors as one of twice the lanes: a tile then has more outputs for each pixel that it
// broadcasts, which pays where a broadcast takes a slot of the arithmetic units (NEON).
#pragma once

#include <cstdint>

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
  static Vector Mul(const Vector& a, const Vector& b) {
    return {V::Mul(a.low, b.low), V::Mul(a.high, b.high)};
  }
  static Vector Min(const Vector& a, const Vector& b) {
    return {V::Min(a.low, b.low), V::Min(a.high, b.high)};
  }
  static Vector And(const Vector& a, uint32_t bits) {
    return {V::And(a.low, bits), V::And(a.high, bits)};
  }
  static Vector Or(const Vector& a, uint32_t bits) {
    return {V::Or(a.low, bits), V::Or(a.high, bits)};
  }
  static Vector AddToBits(const Vector& a, uint32_t bits) {
    return {V::AddToBits(a.low, bits), V::AddToBits(a.high, bits)};
  }
  static Vector ShiftLeft23(const Vector& a) {
    return {V::ShiftLeft23(a.low), V::ShiftLeft23(a.high)};
  }
  static Vector ShiftRight23(const Vector& a) {
    return {V::ShiftRight23(a.low), V::ShiftRight23(a.high)};
  }
  static Vector Max(const Vector& a, const Vector& b) {
    return {V::Max(a.low, b.low), V::Max(a.high, b.high)};
  }
};

}  // namespace addersr::isa
