// The loops of loops.h in AVX2: four pixels, 12 bytes, in each half of a register.
#include "custom_ops/image/loops.h"
#include "custom_ops/isa/avx2_lanes.h"

namespace addersr::image {
namespace {

struct Avx2Pixels : isa::Avx2Lanes<uint8_t> {
  static constexpr int64_t kSlack = 2;  // 12 and 16 bytes are read and written
  // As pairs of int16, which VPMADDWD sums up: red and green, blue and 0.
  struct Rgb {
    Int red_green, blue;
  };
  struct Weights {
    Int first, second, last;  // the last is for one tap, and 1
  };

  static Int Words(int16_t low, int16_t high) {
    return _mm256_set1_epi32(static_cast<int>(
        static_cast<uint32_t>(static_cast<uint16_t>(high)) << 16 | static_cast<uint16_t>(low)));
  }
  static Int Twice(__m128i half) { return _mm256_broadcastsi128_si256(half); }
  static Rgb LoadPixels(const uint8_t* rgb) {
    const Int bytes =
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i*)rgb)),
                                _mm_loadu_si128((const __m128i*)(rgb + 12)), 1);
    const Int red_green =
        Twice(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const Int blue =
        Twice(_mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
    return {_mm256_shuffle_epi8(bytes, red_green), _mm256_shuffle_epi8(bytes, blue)};
  }
  static Int Weighted(const Rgb& pixels, int16_t red, int16_t green, int16_t blue) {
    return Add(_mm256_madd_epi16(pixels.red_green, Words(red, green)),
               _mm256_madd_epi16(pixels.blue, Words(blue, 0)));
  }
  static Int Pair(Int u, Int v) { return _mm256_blend_epi16(u, _mm256_slli_epi32(v, 16), 0xaa); }
  static Int WeightedPair(Int pairs, int16_t u, int16_t v) {
    return _mm256_madd_epi16(pairs, Words(u, v));
  }
  static Weights MakeWeights(const int16_t* of) {
    return {Words(of[0], of[1]), Words(of[2], of[3]), Words(of[4], 1 << 13)};
  }
  // Unpacking and packing undo each other.
  static Int Filter(const Int (&taps)[kTaps], const Weights& w) {
    const Int one = _mm256_set1_epi16(1);
    const auto sums = [&](Int a, Int b, Int c) {
      return _mm256_srai_epi32(
          Add(Add(_mm256_madd_epi16(a, w.first), _mm256_madd_epi16(b, w.second)),
              _mm256_madd_epi16(c, w.last)),
          14);
    };
    return _mm256_packs_epi32(
        sums(_mm256_unpacklo_epi16(taps[0], taps[1]), _mm256_unpacklo_epi16(taps[2], taps[3]),
             _mm256_unpacklo_epi16(taps[4], one)),
        sums(_mm256_unpackhi_epi16(taps[0], taps[1]), _mm256_unpackhi_epi16(taps[2], taps[3]),
             _mm256_unpackhi_epi16(taps[4], one)));
  }
  static void StorePixels(uint8_t* rgb, Int red, Int green, Int blue) {
    const Int order = Twice(_mm_setr_epi8(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, -1, -1, -1, -1));
    const Int bytes = _mm256_shuffle_epi8(
        _mm256_packus_epi16(_mm256_packs_epi32(red, green), _mm256_packs_epi32(blue, blue)), order);
    _mm_storeu_si128((__m128i*)rgb, _mm256_castsi256_si128(bytes));
    _mm_storeu_si128((__m128i*)(rgb + 12), _mm256_extracti128_si256(bytes, 1));
  }
};

}  // namespace

ADDERSR_DEFINE_IMAGE_KERNEL(avx2, avx2_image, Avx2Pixels);

}  // namespace addersr::image
