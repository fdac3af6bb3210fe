// What both NEON files share: eight outputs at a time, in two registers.
//
// Everything is local to the file that includes it. The files are compiled with different flags,
// and the linker must not give one the code of the other.
#pragma once

#include <arm_neon.h>

#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

struct Common {
  struct Int {
    int32x4_t low, high;
  };
  struct Float {
    float32x4_t low, high;
  };
  static constexpr int kLanes = 8;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7};
  static constexpr bool kMaxForm = false;

  static Int IntZero() { return IntBroadcast(0); }
  static Int IntBroadcast(int32_t value) { return {vdupq_n_s32(value), vdupq_n_s32(value)}; }
  static Float FloatBroadcast(float value) { return {vdupq_n_f32(value), vdupq_n_f32(value)}; }
  static Int LoadInt(const int32_t* from) { return {vld1q_s32(from), vld1q_s32(from + 4)}; }
  static Float LoadFloat(const float* from) { return {vld1q_f32(from), vld1q_f32(from + 4)}; }
  static void StoreInt(int32_t* to, Int v) {
    vst1q_s32(to, v.low);
    vst1q_s32(to + 4, v.high);
  }
  static Int Add(Int a, Int b) { return {vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)}; }
  static Int Sub(Int a, Int b) { return {vsubq_s32(a.low, b.low), vsubq_s32(a.high, b.high)}; }
  static Int ShiftRight(Int a, int bits) {
    const int32x4_t shift = vdupq_n_s32(-bits);
    return {vshlq_s32(a.low, shift), vshlq_s32(a.high, shift)};
  }
  static Float ToFloat(Int a) { return {vcvtq_f32_s32(a.low), vcvtq_f32_s32(a.high)}; }
  static Float Multiply(Float a, Float b) {
    return {vmulq_f32(a.low, b.low), vmulq_f32(a.high, b.high)};
  }
  static Float AddFloat(Float a, Float b) {
    return {vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)};
  }
  static Float MinFloat(Float a, Float b) {
    return {vminq_f32(a.low, b.low), vminq_f32(a.high, b.high)};
  }
  static Float MaxFloat(Float a, Float b) {
    return {vmaxq_f32(a.low, b.low), vmaxq_f32(a.high, b.high)};
  }
  static Int Round(Float a) { return {vcvtnq_s32_f32(a.low), vcvtnq_s32_f32(a.high)}; }
  // Narrowed to int16, and clamped by that.
  static int16x8_t Narrow(Int a) { return vcombine_s16(vqmovn_s32(a.low), vqmovn_s32(a.high)); }
};

// The requantisation's view of uint8.
struct CommonUint8 : Common {
  using Data = uint8_t;
  using Vector = uint8x16_t;
  static Vector Load(const Data* from) { return vld1q_u8(from); }
  static Int LoadData(const Data* from) {
    const int16x8_t words = vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from)));
    return {vmovl_s16(vget_low_s16(words)), vmovl_s16(vget_high_s16(words))};
  }
  template <int kPixels>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kPixels], int32_t low,
                           int32_t high) {
    const uint8x8_t least = vdup_n_u8(static_cast<uint8_t>(low));
    const uint8x8_t most = vdup_n_u8(static_cast<uint8_t>(high));
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      vst1_u8(y + p * step, vmin_u8(vmax_u8(vqmovun_s16(Narrow(u[p])), least), most));
    }
  }
};

}  // namespace
}  // namespace addersr::qlinear_adder_conv
