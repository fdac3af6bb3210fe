// AVX-512 (F and BW). The instructions are those of avx2.cc, on vectors of twice the width.
#include "custom_ops/isa/avx512_lanes.h"
#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

// 24 accumulators and some of 32 registers.
struct Uint8 : isa::Avx512Lanes<uint8_t> {
  using Vector = __m512i;
  using Accumulator = __m512i;
  static constexpr int kChannels = 8, kUnit = 8, kAccumulators = 2, kPixels = 12, kGroups = 1;
  static constexpr bool kMaxForm = false;
  static constexpr int kAccumulator = 0;
  static constexpr int kBits = 8;
  // In the order in which Total's shuffle interleaves two accumulators.
  static constexpr int kSlots[kLanes] = {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15};
  static Vector Zero() { return _mm512_setzero_si512(); }
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
};

struct Int16 : isa::Avx512Lanes<int16_t> {
  using Vector = __m512i;
  using Accumulator = __m512i;
  static constexpr int kChannels = 2, kUnit = 2, kAccumulators = 1, kPixels = 12, kGroups = 2;
  static constexpr bool kMaxForm = true;
  static constexpr int kAccumulator = 32768;
  static constexpr int kBits = 16;
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static Vector Zero() { return _mm512_setzero_si512(); }
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
};

}  // namespace

ADDERSR_DEFINE_QLINEAR_KERNEL(avx512, avx512_sad, Uint8);
ADDERSR_DEFINE_QLINEAR_KERNEL(avx512, avx512_max_int16, Int16);

}  // namespace addersr::qlinear_adder_conv
