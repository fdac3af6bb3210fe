// SSE4.1. The instructions are those of avx2.cc, on vectors of half the width.
#include <smmintrin.h>

#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

struct Common {
  using Vector = __m128i;
  using Accumulator = __m128i;
  using Int = __m128i;
  using Float = __m128;
  static constexpr int kLanes = 4;
  static Vector Zero() { return _mm_setzero_si128(); }
  static Int IntZero() { return _mm_setzero_si128(); }
  static Int IntBroadcast(int32_t value) { return _mm_set1_epi32(value); }
  static Float FloatBroadcast(float value) { return _mm_set1_ps(value); }
  static Int LoadInt(const int32_t* from) { return _mm_loadu_si128((const __m128i*)from); }
  static Float LoadFloat(const float* from) { return _mm_loadu_ps(from); }
  static void StoreInt(int32_t* to, Int v) { _mm_storeu_si128((__m128i*)to, v); }
  static Int Add(Int a, Int b) { return _mm_add_epi32(a, b); }
  static Int Sub(Int a, Int b) { return _mm_sub_epi32(a, b); }
  static Int Min(Int a, Int b) { return _mm_min_epi32(a, b); }
  static Int Max(Int a, Int b) { return _mm_max_epi32(a, b); }
  static Int ShiftRight(Int a, int bits) { return _mm_sra_epi32(a, _mm_cvtsi32_si128(bits)); }
  static Float ToFloat(Int a) { return _mm_cvtepi32_ps(a); }
  static Float Multiply(Float a, Float b) { return _mm_mul_ps(a, b); }
  static Float AddFloat(Float a, Float b) { return _mm_add_ps(a, b); }
  static Float MinFloat(Float a, Float b) { return _mm_min_ps(a, b); }
  static Float MaxFloat(Float a, Float b) { return _mm_max_ps(a, b); }
  static Int Round(Float a) { return _mm_cvtps_epi32(a); }
};

struct Uint8 : Common {
  using Data = uint8_t;
  static constexpr int kChannels = 8, kUnit = 8, kAccumulators = 2, kPixels = 3, kGroups = 2;
  static constexpr bool kMaxForm = false;
  static constexpr int kAccumulator = 0;
  static constexpr int kBits = 8;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3};
  static Vector Load(const Data* from) { return _mm_loadu_si128((const __m128i*)from); }
  static Vector Broadcast(const Data* from) {
    const __m128i channels = _mm_loadl_epi64((const __m128i*)from);
    return _mm_unpacklo_epi64(channels, channels);
  }
  static Vector Accumulate(Vector acc, Vector x, Vector w) {
    return _mm_add_epi32(acc, _mm_sad_epu8(x, w));
  }
  static Int Total(const Vector* acc) {
    return _mm_castps_si128(
        _mm_shuffle_ps(_mm_castsi128_ps(acc[0]), _mm_castsi128_ps(acc[1]), 0x88));
  }
  static Int LoadData(const Data* from) {
    int four;
    std::memcpy(&four, from, sizeof(four));
    return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(four));
  }
  static void StoreData(Data* to, Int v) {
    const __m128i words = _mm_packs_epi32(v, v);
    const int four = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(to, &four, sizeof(four));
  }
  template <int kPixels>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kPixels], int32_t low,
                           int32_t high) {
    StoreEach<Uint8>(y, step, u, low, high);
  }
};

struct Int16 : Common {
  using Data = int16_t;
  static constexpr int kChannels = 2, kUnit = 2, kAccumulators = 1, kPixels = 3, kGroups = 4;
  static constexpr bool kMaxForm = true;
  static constexpr int kAccumulator = 32768;
  static constexpr int kBits = 16;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3};
  static Vector Load(const Data* from) { return _mm_loadu_si128((const __m128i*)from); }
  static Vector Broadcast(const Data* from) {
    int channels;
    std::memcpy(&channels, from, sizeof(channels));
    return _mm_set1_epi32(channels);
  }
  static Vector Accumulate(Vector acc, Vector x, Vector w) {
    return _mm_add_epi16(acc, _mm_max_epi16(x, w));
  }
  static Int Total(const Vector* acc) { return _mm_madd_epi16(acc[0], _mm_set1_epi16(1)); }
  static int32_t Reduce(Int v) {
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(v, _mm_shuffle_epi32(v, 0xb1)));
  }
  static Int LoadData(const Data* from) {
    return _mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i*)from));
  }
  static void StoreData(Data* to, Int v) { _mm_storel_epi64((__m128i*)to, _mm_packs_epi32(v, v)); }
  template <int kPixels>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kPixels], int32_t low,
                           int32_t high) {
    StoreEach<Int16>(y, step, u, low, high);
  }
};

}  // namespace

ADDERSR_DEFINE_QLINEAR_KERNEL(sse41, sse41_sad, Uint8);
ADDERSR_DEFINE_QLINEAR_KERNEL(sse41, sse41_max_int16, Int16);

}  // namespace addersr::qlinear_adder_conv
