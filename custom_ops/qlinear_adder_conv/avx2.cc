// AVX2. uint8: psadbw adds the differences of 8 channels in one instruction. int16: pmaxsw and
// paddw, since a difference of 16 bits has no instruction of its own.
#include "custom_ops/isa/avx2_lanes.h"
#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

// 12 accumulators, 2 of the filter, the input and a temporary: all 16 registers.
struct Uint8 : isa::Avx2Lanes<uint8_t> {
  using Vector = __m256i;
  using Accumulator = __m256i;
  static constexpr int kChannels = 8, kUnit = 8, kAccumulators = 2, kPixels = 6, kGroups = 1;
  static constexpr bool kMaxForm = false;
  static constexpr int kAccumulator = 0;
  static constexpr int kBits = 8;
  // In the order in which Total's shuffle interleaves two accumulators.
  static constexpr int kSlots[kLanes] = {0, 1, 4, 5, 2, 3, 6, 7};
  static Vector Zero() { return _mm256_setzero_si256(); }
  static Vector Load(const Data* from) { return _mm256_loadu_si256((const __m256i*)from); }
  static Vector Broadcast(const Data* from) {
    long long channels;
    std::memcpy(&channels, from, sizeof(channels));
    return _mm256_set1_epi64x(channels);
  }
  static Vector Accumulate(Vector acc, Vector x, Vector w) {
    return _mm256_add_epi32(acc, _mm256_sad_epu8(x, w));
  }
  static Int Total(const Vector* acc) {
    return _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(acc[0]), _mm256_castsi256_ps(acc[1]), 0x88));
  }
};

struct Int16 : isa::Avx2Lanes<int16_t> {
  using Vector = __m256i;
  using Accumulator = __m256i;
  static constexpr int kChannels = 2, kUnit = 2, kAccumulators = 1, kPixels = 6, kGroups = 2;
  static constexpr bool kMaxForm = true;
  static constexpr int kAccumulator = 32768;
  static constexpr int kBits = 16;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7};
  static Vector Zero() { return _mm256_setzero_si256(); }
  static Vector Load(const Data* from) { return _mm256_loadu_si256((const __m256i*)from); }
  static Vector Broadcast(const Data* from) {
    int channels;
    std::memcpy(&channels, from, sizeof(channels));
    return _mm256_set1_epi32(channels);
  }
  static Vector Accumulate(Vector acc, Vector x, Vector w) {
    return _mm256_add_epi16(acc, _mm256_max_epi16(x, w));
  }
  static Int Total(const Vector* acc) { return _mm256_madd_epi16(acc[0], _mm256_set1_epi16(1)); }
  static int32_t Reduce(Int v) {
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
  }
};

}  // namespace

ADDERSR_DEFINE_QLINEAR_KERNEL(avx2, avx2_sad, Uint8);
ADDERSR_DEFINE_QLINEAR_KERNEL(avx2, avx2_max_int16, Int16);

}  // namespace addersr::qlinear_adder_conv
