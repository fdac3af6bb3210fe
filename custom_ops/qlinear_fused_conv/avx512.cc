// AVX-512 (F and BW). The instructions are those of avx2.cc, on vectors of twice the width.
#include "custom_ops/isa/avx512_lanes.h"
#include "custom_ops/qlinear_fused_conv/tile.h"

namespace addersr::qlinear_fused_conv {
namespace {

// 24 accumulators and some of 32 registers.
template <class T>
struct Avx512 : isa::Avx512Lanes<T> {
  using Vector = __m512i;
  using Int = __m512i;
  static constexpr int kChannels = 2, kPixels = 12, kGroups = 2, kMostSpread = 4;
  static Vector Load(const int16_t* from) { return _mm512_loadu_si512(from); }
  template <int kSpread>
  static Vector Broadcast(const int16_t* from) {
    if constexpr (kSpread == 1) {
      int pair;
      std::memcpy(&pair, from, sizeof(pair));
      return _mm512_set1_epi32(pair);
    } else if constexpr (kSpread == 2) {
      long long four;
      std::memcpy(&four, from, sizeof(four));
      return _mm512_set1_epi64(four);
    } else {
      return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i*)from));
    }
  }
  static Int Accumulate(Int acc, Vector x, Vector w) {
    return _mm512_add_epi32(acc, _mm512_madd_epi16(x, w));
  }
  template <int kSpread>
  static Int Total(Int acc) {
    if constexpr (kSpread == 1) return acc;
    acc = _mm512_add_epi32(acc, _mm512_shuffle_epi32(acc, _MM_PERM_CDAB));
    if constexpr (kSpread == 2) {
      return _mm512_permutexvar_epi32(
          _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14), acc);
    }
    acc = _mm512_add_epi32(acc, _mm512_shuffle_epi32(acc, _MM_PERM_BADC));
    return _mm512_permutexvar_epi32(
        _mm512_setr_epi32(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), acc);
  }
};

using Uint8 = Avx512<uint8_t>;
using Int16 = Avx512<int16_t>;

}  // namespace

ADDERSR_DEFINE_CONV_KERNEL(avx512, avx512_conv_uint8, Uint8);
ADDERSR_DEFINE_CONV_KERNEL(avx512, avx512_conv_int16, Int16);

}  // namespace addersr::qlinear_fused_conv
