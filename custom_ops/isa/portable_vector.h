// Four floats in plain C++, which the compiler vectorises as far as it can.
#pragma once

#include <cstdint>
#include <cstring>

namespace addersr::isa {

struct PortableVector {
  static constexpr int kLanes = 4;
  struct Vector {
    float lane[kLanes];
  };
  static Vector Load(const float* from) {
    Vector v;
    for (int i = 0; i < kLanes; ++i) v.lane[i] = from[i];
    return v;
  }
  static Vector Broadcast(float value) {
    Vector v;
    for (float& lane : v.lane) lane = value;
    return v;
  }
  static Vector Zero() { return Broadcast(0.0F); }
  static void Store(float* to, const Vector& v) {
    for (int i = 0; i < kLanes; ++i) to[i] = v.lane[i];
  }
  static Vector Add(Vector a, const Vector& b) {
    for (int i = 0; i < kLanes; ++i) a.lane[i] += b.lane[i];
    return a;
  }
  static Vector Sub(Vector a, const Vector& b) {
    for (int i = 0; i < kLanes; ++i) a.lane[i] -= b.lane[i];
    return a;
  }
  static Vector Mul(Vector a, const Vector& b) {
    for (int i = 0; i < kLanes; ++i) a.lane[i] *= b.lane[i];
    return a;
  }
  static Vector Max(Vector a, const Vector& b) {
    for (int i = 0; i < kLanes; ++i) a.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
    return a;
  }
  static Vector Min(Vector a, const Vector& b) {
    for (int i = 0; i < kLanes; ++i) a.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
    return a;
  }
  static Vector And(const Vector& a, uint32_t bits) {
    return EachBits(a, [bits](uint32_t lane) { return lane & bits; });
  }
  static Vector Or(const Vector& a, uint32_t bits) {
    return EachBits(a, [bits](uint32_t lane) { return lane | bits; });
  }
  static Vector AddToBits(const Vector& a, uint32_t bits) {
    return EachBits(a, [bits](uint32_t lane) { return lane + bits; });
  }
  static Vector ShiftLeft23(const Vector& a) {
    return EachBits(a, [](uint32_t lane) { return lane << 23; });
  }
  static Vector ShiftRight23(const Vector& a) {
    return EachBits(a, [](uint32_t lane) { return lane >> 23; });
  }
  // `positive` where t > 0, else `other`.
  static Vector Select(const Vector& t, Vector positive, const Vector& other) {
    for (int i = 0; i < kLanes; ++i) {
      if (!(t.lane[i] > 0.0F)) positive.lane[i] = other.lane[i];
    }
    return positive;
  }

 private:
  template <typename Change>
  static Vector EachBits(Vector a, const Change& change) {
    for (float& lane : a.lane) {
      uint32_t bits;
      std::memcpy(&bits, &lane, sizeof(bits));
      bits = change(bits);
      std::memcpy(&lane, &bits, sizeof(bits));
    }
    return a;
  }
};

}  // namespace addersr::isa
