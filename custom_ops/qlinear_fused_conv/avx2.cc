// AVX2: pmaddwd multiplies pairs of int16 and adds the two products. Two spread lanes take four
// values of a run, four take eight, so that few outputs still fill the vector.
#include "custom_ops/isa/avx2_lanes.h"
#include "custom_ops/qlinear_fused_conv/tile.h"

namespace addersr::qlinear_fused_conv {
namespace {

// 12 accumulators, 2 of the filter, the input and a temporary: all 16 registers.
template <class T>
struct Avx2 : isa::Avx2Lanes<T> {
  using Vector = __m256i;
  using Int = __m256i;
  static constexpr int kChannels = 2, kPixels = 6, kGroups = 2, kMostSpread = 4;
  static Vector Load(const int16_t* from) { return _mm256_loadu_si256((const __m256i*)from); }
  template <int kSpread>
  static Vector Broadcast(const int16_t* from) {
    if constexpr (kSpread == 1) {
      int pair;
      std::memcpy(&pair, from, sizeof(pair));
      return _mm256_set1_epi32(pair);
    } else if constexpr (kSpread == 2) {
      long long four;
      std::memcpy(&four, from, sizeof(four));
      return _mm256_set1_epi64x(four);
    } else {
      return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)from));
    }
  }
  static Int Accumulate(Int acc, Vector x, Vector w) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(x, w));
  }
  template <int kSpread>
  static Int Total(Int acc) {
    if constexpr (kSpread == 1) return acc;
    acc = _mm256_add_epi32(acc, _mm256_shuffle_epi32(acc, 0xb1));
    if constexpr (kSpread == 2) {
      return _mm256_permutevar8x32_epi32(acc, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
    }
    acc = _mm256_add_epi32(acc, _mm256_shuffle_epi32(acc, 0x4e));
    return _mm256_permutevar8x32_epi32(acc, _mm256_setr_epi32(0, 4, 0, 4, 0, 4, 0, 4));
  }
};

using Uint8 = Avx2<uint8_t>;
using Int16 = Avx2<int16_t>;

}  // namespace

ADDERSR_DEFINE_CONV_KERNEL(avx2, avx2_conv_uint8, Uint8);
ADDERSR_DEFINE_CONV_KERNEL(avx2, avx2_conv_int16, Int16);

}  // namespace addersr::qlinear_fused_conv
