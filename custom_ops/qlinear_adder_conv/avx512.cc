// AVX-512 (F and BW). The instructions are those of avx2.cc, on vectors of twice the width.
#include <immintrin.h>

#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

struct Common {
  using Vector = __m512i;
  using Accumulator = __m512i;
  using Int = __m512i;
  using Float = __m512;
  static constexpr int kLanes = 16;
  static Vector Zero() { return _mm512_setzero_si512(); }
  static Int IntZero() { return _mm512_setzero_si512(); }
  static Int IntBroadcast(int32_t value) { return _mm512_set1_epi32(value); }
  static Float FloatBroadcast(float value) { return _mm512_set1_ps(value); }
  static Int LoadInt(const int32_t* from) { return _mm512_loadu_si512(from); }
  static Float LoadFloat(const float* from) { return _mm512_loadu_ps(from); }
  static void StoreInt(int32_t* to, Int v) { _mm512_storeu_si512(to, v); }
  static Int Add(Int a, Int b) { return _mm512_add_epi32(a, b); }
  static Int Sub(Int a, Int b) { return _mm512_sub_epi32(a, b); }
  static Int Min(Int a, Int b) { return _mm512_min_epi32(a, b); }
  static Int Max(Int a, Int b) { return _mm512_max_epi32(a, b); }
  static Int ShiftRight(Int a, int bits) { return _mm512_sra_epi32(a, _mm_cvtsi32_si128(bits)); }
  static Float ToFloat(Int a) { return _mm512_cvtepi32_ps(a); }
  static Float Multiply(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static Float AddFloat(Float a, Float b) { return _mm512_add_ps(a, b); }
  static Float MinFloat(Float a, Float b) { return _mm512_min_ps(a, b); }
  static Float MaxFloat(Float a, Float b) { return _mm512_max_ps(a, b); }
  static Int Round(Float a) { return _mm512_cvtps_epi32(a); }
};

// 24 accumulators and some of 32 registers.
struct Uint8 : Common {
  using Data = uint8_t;
  static constexpr int kChannels = 8, kUnit = 8, kAccumulators = 2, kPixels = 12, kGroups = 1;
  static constexpr bool kMaxForm = false;
  static constexpr int kAccumulator = 0;
  static constexpr int kBits = 8;
  // In the order in which Total's shuffle interleaves two accumulators.
  static constexpr int kSlots[kLanes] = {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15};
  static Vector Load(const Data* from) { return _mm512_loadu_si512(from); }
  static Vector Broadcast(const Data* from) {
    long long channels;
    std::memcpy(&channels, from, sizeof(channels));
    return _mm512_set1_epi64(channels);
  }
  static Vector Accumulate(Vector acc, Vector x, Vector w) {
    return _mm512_add_epi32(acc, _mm512_sad_epu8(x, w));
  }
  static Int Total(const Vector* acc) {
    return _mm512_castps_si512(
        _mm512_shuffle_ps(_mm512_castsi512_ps(acc[0]), _mm512_castsi512_ps(acc[1]), 0x88));
  }
  static Int LoadData(const Data* from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)from));
  }
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    const __m128i least = _mm_set1_epi8(static_cast<char>(low));
    const __m128i most = _mm_set1_epi8(static_cast<char>(high));
#pragma GCC unroll 16
    for (int p = 0; p < kCount; ++p) {
      const __m128i bytes = _mm512_cvtusepi32_epi8(_mm512_max_epi32(u[p], IntZero()));
      _mm_storeu_si128((__m128i*)(y + p * step), _mm_min_epu8(_mm_max_epu8(bytes, least), most));
    }
  }
};

struct Int16 : Common {
  using Data = int16_t;
  static constexpr int kChannels = 2, kUnit = 2, kAccumulators = 1, kPixels = 12, kGroups = 2;
  static constexpr bool kMaxForm = true;
  static constexpr int kAccumulator = 32768;
  static constexpr int kBits = 16;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static Vector Load(const Data* from) { return _mm512_loadu_si512(from); }
  static Vector Broadcast(const Data* from) {
    int channels;
    std::memcpy(&channels, from, sizeof(channels));
    return _mm512_set1_epi32(channels);
  }
  static Vector Accumulate(Vector acc, Vector x, Vector w) {
    return _mm512_add_epi16(acc, _mm512_max_epi16(x, w));
  }
  static Int Total(const Vector* acc) { return _mm512_madd_epi16(acc[0], _mm512_set1_epi16(1)); }
  static int32_t Reduce(Int v) { return _mm512_reduce_add_epi32(v); }
  static Int LoadData(const Data* from) {
    return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i*)from));
  }
  template <int kCount>
  static void StoreClamped(Data* y, int64_t step, const Int (&u)[kCount], int32_t low,
                           int32_t high) {
    const __m256i least = _mm256_set1_epi16(static_cast<int16_t>(low));
    const __m256i most = _mm256_set1_epi16(static_cast<int16_t>(high));
#pragma GCC unroll 16
    for (int p = 0; p < kCount; ++p) {
      const __m256i words = _mm512_cvtsepi32_epi16(u[p]);
      _mm256_storeu_si256((__m256i*)(y + p * step),
                          _mm256_min_epi16(_mm256_max_epi16(words, least), most));
    }
  }
};

}  // namespace

ADDERSR_DEFINE_QLINEAR_KERNEL(avx512, avx512_sad, Uint8);
ADDERSR_DEFINE_QLINEAR_KERNEL(avx512, avx512_max_int16, Int16);

}  // namespace addersr::qlinear_adder_conv
