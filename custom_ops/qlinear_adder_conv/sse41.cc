// SSE4.1. The instructions are those of avx2.cc, on vectors of half the width.
#include "custom_ops/isa/sse41_lanes.h"
#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

struct Uint8 : isa::Sse41Lanes<uint8_t> {
  using Vector = __m128i;
  using Accumulator = __m128i;
  static constexpr int kChannels = 8, kUnit = 8, kAccumulators = 2, kPixels = 3, kGroups = 2;
  static constexpr bool kMaxForm = false;
  static constexpr int kAccumulator = 0;
  static constexpr int kBits = 8;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3};
  static Vector Zero() { return _mm_setzero_si128(); }
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
};

struct Int16 : isa::Sse41Lanes<int16_t> {
  using Vector = __m128i;
  using Accumulator = __m128i;
  static constexpr int kChannels = 2, kUnit = 2, kAccumulators = 1, kPixels = 3, kGroups = 4;
  static constexpr bool kMaxForm = true;
  static constexpr int kAccumulator = 32768;
  static constexpr int kBits = 16;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3};
  static Vector Zero() { return _mm_setzero_si128(); }
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
};

}  // namespace

ADDERSR_DEFINE_QLINEAR_KERNEL(sse41, sse41_sad, Uint8);
ADDERSR_DEFINE_QLINEAR_KERNEL(sse41, sse41_max_int16, Int16);

}  // namespace addersr::qlinear_adder_conv
