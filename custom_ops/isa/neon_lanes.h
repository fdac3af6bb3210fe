// Eight int32 and floats in two NEON registers each, see lanes.h.
//
// Everything is local to the file that includes it: files with and without dot products are
// compiled with different flags, and the linker must not give one the code of the other.
#pragma once

#include <arm_neon.h>

#include "custom_ops/isa/lanes.h"

namespace addersr::isa {
namespace {

struct NeonLanesOfAnyData {
  struct Int {
    int32x4_t low, high;
  };
  struct Float {
    float32x4_t low, high;
  };
  static constexpr int kLanes = 8;

  static Int IntZero() { return IntBroadcast(0); }
  static Int IntBroadcast(int32_t value) { return {vdupq_n_s32(value), vdupq_n_s32(value)}; }
  static Float FloatBroadcast(float value) { return {vdupq_n_f32(value), vdupq_n_f32(value)}; }
  static Int LoadInt(const int32_t* from) { return {vld1q_s32(from), vld1q_s32(from + 4)}; }
  static Float LoadFloat(const float* from) { return {vld1q_f32(from), vld1q_f32(from + 4)}; }
  static void StoreInt(int32_t* to, Int v) {
    vst1q_s32(to, v.low);
    vst1q_s32(to + 4, v.high);
  }
  static void StoreFloat(float* to, Float v) {
    vst1q_f32(to, v.low);
    vst1q_f32(to + 4, v.high);
  }
  static Int Add(Int a, Int b) { return {vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)}; }
  static Int Sub(Int a, Int b) { return {vsubq_s32(a.low, b.low), vsubq_s32(a.high, b.high)}; }
  static Int Min(Int a, Int b) { return {vminq_s32(a.low, b.low), vminq_s32(a.high, b.high)}; }
  static Int Max(Int a, Int b) { return {vmaxq_s32(a.low, b.low), vmaxq_s32(a.high, b.high)}; }
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
  // FMAXNM takes the number where the other is none.
  static Float MaxFloat(Float a, Float b) {
    return {vmaxnmq_f32(a.low, b.low), vmaxnmq_f32(a.high, b.high)};
  }
  static Int Round(Float a) { return {vcvtnq_s32_f32(a.low), vcvtnq_s32_f32(a.high)}; }

 protected:
  // Narrowed to int16, and clamped by that.
  static int16x8_t Narrow(Int a) { return vcombine_s16(vqmovn_s32(a.low), vqmovn_s32(a.high)); }
  static Int Widen(int16x8_t words) {
    return {vmovl_s16(vget_low_s16(words)), vmovl_s16(vget_high_s16(words))};
  }
};

template <class T>
struct NeonLanes;

template <>
struct NeonLanes<uint8_t> : NeonLanesOfAnyData {
  using Data = uint8_t;
  static Int LoadData(const Data* from) {
    return Widen(vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from))));
  }
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    const uint8x8_t least = vdup_n_u8(static_cast<uint8_t>(low));
    const uint8x8_t most = vdup_n_u8(static_cast<uint8_t>(high));
#pragma GCC unroll 16
    for (int p = 0; p < kCount; ++p) {
      vst1_u8(y + p * step, vmin_u8(vmax_u8(vqmovun_s16(Narrow(u[p])), least), most));
    }
  }
};

template <>
struct NeonLanes<int16_t> : NeonLanesOfAnyData {
  using Data = int16_t;
  static Int LoadData(const Data* from) { return Widen(vld1q_s16(from)); }
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    const int16x8_t least = vdupq_n_s16(static_cast<int16_t>(low));
    const int16x8_t most = vdupq_n_s16(static_cast<int16_t>(high));
#pragma GCC unroll 16
    for (int p = 0; p < kCount; ++p) {
      vst1q_s16(y + p * step, vminq_s16(vmaxq_s16(Narrow(u[p]), least), most));
    }
  }
};

}  // namespace
}  // namespace addersr::isa
