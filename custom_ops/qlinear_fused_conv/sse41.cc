// SSE4.1. The instructions are those of avx2.cc, on vectors of half the width.
#include "custom_ops/isa/sse41_lanes.h"
#include "custom_ops/qlinear_fused_conv/tile.h"

namespace addersr::qlinear_fused_conv {
namespace {

// 8 accumulators, 2 of the filter, the input and its copy: pmaddwd overwrites an operand.
template <class T>
struct Sse41 : isa::Sse41Lanes<T> {
  using Vector = __m128i;
  using Int = __m128i;
  static constexpr int kChannels = 2, kPixels = 4, kGroups = 2, kMostSpread = 4;
  static Vector Load(const int16_t* from) { return _mm_loadu_si128((const __m128i*)from); }
  template <int kSpread>
  static Vector Broadcast(const int16_t* from) {
    if constexpr (kSpread == 1) {
      int pair;
      std::memcpy(&pair, from, sizeof(pair));
      return _mm_set1_epi32(pair);
    } else if constexpr (kSpread == 2) {
      const __m128i four = _mm_loadl_epi64((const __m128i*)from);
      return _mm_unpacklo_epi64(four, four);
    } else {
      return _mm_loadu_si128((const __m128i*)from);
    }
  }
  static Int Accumulate(Int acc, Vector x, Vector w) {
    return _mm_add_epi32(acc, _mm_madd_epi16(x, w));
  }
  template <int kSpread>
  static Int Total(Int acc) {
    if constexpr (kSpread == 1) return acc;
    acc = _mm_add_epi32(acc, _mm_shuffle_epi32(acc, 0xb1));
    if constexpr (kSpread == 2) return _mm_shuffle_epi32(acc, 0x88);
    return _mm_add_epi32(acc, _mm_shuffle_epi32(acc, 0x4e));
  }
};

using Uint8 = Sse41<uint8_t>;
using Int16 = Sse41<int16_t>;

}  // namespace

ADDERSR_DEFINE_CONV_KERNEL(sse41, sse41_conv_uint8, Uint8);
ADDERSR_DEFINE_CONV_KERNEL(sse41, sse41_conv_int16, Int16);

}  // namespace addersr::qlinear_fused_conv
