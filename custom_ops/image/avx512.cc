// The loops of loops.h in AVX-512: four pixels, 12 bytes, in each quarter of a register.
#include "custom_ops/image/loops.h"
#include "custom_ops/isa/avx512_lanes.h"

namespace addersr::image {
namespace {

struct Avx512Pixels : isa::Avx512Lanes<uint8_t> {
  static constexpr int64_t kSlack = 0;
  static constexpr __mmask16 kBytes48 = 0x0fff;
  // As pairs of int16, which VPMADDWD sums up: red and green, blue and 0.
  struct Rgb {
    Int red_green, blue;
  };
  struct Weights {
    Int first, second, last;  // the last is for one tap, and 1
  };

  static Int Words(int16_t low, int16_t high) {
    return _mm512_set1_epi32(static_cast<int>(
        static_cast<uint32_t>(static_cast<uint16_t>(high)) << 16 | static_cast<uint16_t>(low)));
  }
  static Int FourTimes(__m128i quarter) { return _mm512_broadcast_i32x4(quarter); }
  static Rgb LoadPixels(const uint8_t* rgb) {
    const Int apart = _mm512_setr_epi32(0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
    const Int bytes = _mm512_permutexvar_epi32(apart, _mm512_maskz_loadu_epi32(kBytes48, rgb));
    const Int red_green =
        FourTimes(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const Int blue =
        FourTimes(_mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
    return {_mm512_shuffle_epi8(bytes, red_green), _mm512_shuffle_epi8(bytes, blue)};
  }
  static Int Weighted(const Rgb& pixels, int16_t red, int16_t green, int16_t blue) {
    return Add(_mm512_madd_epi16(pixels.red_green, Words(red, green)),
               _mm512_madd_epi16(pixels.blue, Words(blue, 0)));
  }
  static Int Pair(Int u, Int v) {
    return _mm512_mask_blend_epi16(0xaaaaaaaa, u, _mm512_slli_epi32(v, 16));
  }
  static Int WeightedPair(Int pairs, int16_t u, int16_t v) {
    return _mm512_madd_epi16(pairs, Words(u, v));
  }
  static Weights MakeWeights(const int16_t* of) {
    return {Words(of[0], of[1]), Words(of[2], of[3]), Words(of[4], 1 << 13)};
  }
  // Unpacking and packing undo each other.
  static Int Filter(const Int (&taps)[kTaps], const Weights& w) {
    const Int one = _mm512_set1_epi16(1);
    const auto sums = [&](Int a, Int b, Int c) {
      return _mm512_srai_epi32(
          Add(Add(_mm512_madd_epi16(a, w.first), _mm512_madd_epi16(b, w.second)),
              _mm512_madd_epi16(c, w.last)),
          14);
    };
    return _mm512_packs_epi32(
        sums(_mm512_unpacklo_epi16(taps[0], taps[1]), _mm512_unpacklo_epi16(taps[2], taps[3]),
             _mm512_unpacklo_epi16(taps[4], one)),
        sums(_mm512_unpackhi_epi16(taps[0], taps[1]), _mm512_unpackhi_epi16(taps[2], taps[3]),
             _mm512_unpackhi_epi16(taps[4], one)));
  }
  static void StorePixels(uint8_t* rgb, Int red, Int green, Int blue) {
    const Int order =
        FourTimes(_mm_setr_epi8(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, -1, -1, -1, -1));
    const Int together = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    const Int bytes = _mm512_shuffle_epi8(
        _mm512_packus_epi16(_mm512_packs_epi32(red, green), _mm512_packs_epi32(blue, blue)), order);
    _mm512_mask_storeu_epi32(rgb, kBytes48, _mm512_permutexvar_epi32(together, bytes));
  }
};

}  // namespace

ADDERSR_DEFINE_IMAGE_KERNEL(avx512, avx512_image, Avx512Pixels);

}  // namespace addersr::image
