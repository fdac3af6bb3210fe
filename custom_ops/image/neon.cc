// The loops of loops.h in NEON, whose loads and stores take the colours apart and together.
#include "custom_ops/image/loops.h"
#include "custom_ops/isa/neon_lanes.h"

namespace addersr::image {
namespace {

struct NeonPixels : isa::NeonLanes<uint8_t> {
  static constexpr int64_t kSlack = 0;
  struct Rgb {
    int16x8_t red, green, blue;
  };
  struct Weights {
    int16_t of[kTaps];
  };

  static int16x8_t Words(uint8x8_t bytes) { return vreinterpretq_s16_u16(vmovl_u8(bytes)); }
  static Rgb LoadPixels(const uint8_t* rgb) {
    const uint8x8x3_t bytes = vld3_u8(rgb);
    return {Words(bytes.val[0]), Words(bytes.val[1]), Words(bytes.val[2])};
  }
  static Int Weighted(const Rgb& pixels, int16_t red, int16_t green, int16_t blue) {
    const auto sums = [&](int16x4_t r, int16x4_t g, int16x4_t b) {
      return vmlal_n_s16(vmlal_n_s16(vmull_n_s16(r, red), g, green), b, blue);
    };
    return {
        sums(vget_low_s16(pixels.red), vget_low_s16(pixels.green), vget_low_s16(pixels.blue)),
        sums(vget_high_s16(pixels.red), vget_high_s16(pixels.green), vget_high_s16(pixels.blue))};
  }
  static Int Pair(Int u, Int v) {
    return {vsliq_n_s32(u.low, v.low, 16), vsliq_n_s32(u.high, v.high, 16)};
  }
  static Int WeightedPair(Int pairs, int16_t u, int16_t v) {
    const auto sums = [&](int32x4_t of) {
      return vmlal_n_s16(vmull_n_s16(vmovn_s32(of), u), vshrn_n_s32(of, 16), v);
    };
    return {sums(pairs.low), sums(pairs.high)};
  }
  static Weights MakeWeights(const int16_t* of) { return {{of[0], of[1], of[2], of[3], of[4]}}; }
  static Int Filter(const Int (&taps)[kTaps], const Weights& weights) {
    return {FilterHalf(taps, weights, [](const Int& of) { return of.low; }),
            FilterHalf(taps, weights, [](const Int& of) { return of.high; })};
  }
  static void StorePixels(uint8_t* rgb, Int red, Int green, Int blue) {
    const uint8x8x3_t bytes = {
        {vqmovun_s16(Narrow(red)), vqmovun_s16(Narrow(green)), vqmovun_s16(Narrow(blue))}};
    vst3_u8(rgb, bytes);
  }

 private:
  template <class Half>
  static int32x4_t FilterHalf(const Int (&taps)[kTaps], const Weights& weights, const Half& half) {
    const int16x8_t first = vreinterpretq_s16_s32(half(taps[0]));
    int32x4_t low = vmull_n_s16(vget_low_s16(first), weights.of[0]);
    int32x4_t high = vmull_n_s16(vget_high_s16(first), weights.of[0]);
#pragma GCC unroll 4
    for (int k = 1; k < kTaps; ++k) {
      const int16x8_t words = vreinterpretq_s16_s32(half(taps[k]));
      low = vmlal_n_s16(low, vget_low_s16(words), weights.of[k]);
      high = vmlal_n_s16(high, vget_high_s16(words), weights.of[k]);
    }
    return vreinterpretq_s32_s16(vcombine_s16(vrshrn_n_s32(low, 14), vrshrn_n_s32(high, 14)));
  }
};

}  // namespace

ADDERSR_DEFINE_IMAGE_KERNEL(neon, neon_image, NeonPixels);

}  // namespace addersr::image
