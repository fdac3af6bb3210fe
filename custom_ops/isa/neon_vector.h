// Four floats in a NEON register; every 64-bit Arm CPU has them.
#pragma once

#include <arm_neon.h>

#include <cstdint>

namespace addersr::isa {

struct NeonVector {
  static constexpr int kLanes = 4;
  using Vector = float32x4_t;
  static Vector Load(const float* from) { return vld1q_f32(from); }
  static Vector Broadcast(float value) { return vdupq_n_f32(value); }
  static Vector Zero() { return vdupq_n_f32(0.0F); }
  static void Store(float* to, Vector v) { vst1q_f32(to, v); }
  static Vector Add(Vector a, Vector b) { return vaddq_f32(a, b); }
  static Vector Sub(Vector a, Vector b) { return vsubq_f32(a, b); }
  static Vector Mul(Vector a, Vector b) { return vmulq_f32(a, b); }
  // Of +0 and -0 this takes +0, x86 the second, the portable one the second: a sum that starts at
  // +0 is the same with either. For finite values kernels of all platforms agree, bit for bit.
  static Vector Max(Vector a, Vector b) { return vmaxq_f32(a, b); }
  static Vector Min(Vector a, Vector b) { return vminq_f32(a, b); }
  static Vector And(Vector a, uint32_t bits) {
    return Float(vandq_u32(Bits(a), vdupq_n_u32(bits)));
  }
  static Vector Or(Vector a, uint32_t bits) { return Float(vorrq_u32(Bits(a), vdupq_n_u32(bits))); }
  static Vector AddToBits(Vector a, uint32_t bits) {
    return Float(vaddq_u32(Bits(a), vdupq_n_u32(bits)));
  }
  static Vector ShiftLeft23(Vector a) { return Float(vshlq_n_u32(Bits(a), 23)); }
  static Vector ShiftRight23(Vector a) { return Float(vshrq_n_u32(Bits(a), 23)); }
  // `positive` where t > 0, else `other`.
  static Vector Select(Vector t, Vector positive, Vector other) {
    return vbslq_f32(vcgtq_f32(t, Zero()), positive, other);
  }

 private:
  static uint32x4_t Bits(Vector a) { return vreinterpretq_u32_f32(a); }
  static Vector Float(uint32x4_t a) { return vreinterpretq_f32_u32(a); }
};

}  // namespace addersr::isa
