// The loops of loops.h in plain C++.
#include "custom_ops/image/loops.h"
#include "custom_ops/isa/portable_lanes.h"

namespace addersr::image {
namespace {

struct PortablePixels : isa::PortableLanes<uint8_t> {
  static constexpr int64_t kSlack = 0;
  struct Rgb {
    Int red, green, blue;
  };
  struct Weights {
    int32_t of[kTaps];
  };

  static int32_t U(int32_t pair) { return static_cast<int16_t>(pair & 0xffff); }
  static int32_t V(int32_t pair) { return pair >> 16; }

  static Rgb LoadPixels(const uint8_t* rgb) {
    Rgb pixels;
    for (int i = 0; i < kLanes; ++i) {
      pixels.red.lane[i] = rgb[3 * i];
      pixels.green.lane[i] = rgb[3 * i + 1];
      pixels.blue.lane[i] = rgb[3 * i + 2];
    }
    return pixels;
  }
  static Int Weighted(const Rgb& pixels, int16_t red, int16_t green, int16_t blue) {
    Int sums;
    for (int i = 0; i < kLanes; ++i) {
      sums.lane[i] =
          red * pixels.red.lane[i] + green * pixels.green.lane[i] + blue * pixels.blue.lane[i];
    }
    return sums;
  }
  static int32_t PairOf(int32_t u, int32_t v) {
    return static_cast<int32_t>(static_cast<uint32_t>(v) << 16 |
                                (static_cast<uint32_t>(u) & 0xffff));
  }
  static Int Pair(const Int& u, const Int& v) { return Each(u, v, PairOf); }
  static Int WeightedPair(Int pairs, int16_t u, int16_t v) {
    for (int32_t& lane : pairs.lane) lane = u * U(lane) + v * V(lane);
    return pairs;
  }
  static Weights MakeWeights(const int16_t* of) { return {{of[0], of[1], of[2], of[3], of[4]}}; }
  static Int Filter(const Int (&taps)[kTaps], const Weights& weights) {
    Int pairs;
    for (int i = 0; i < kLanes; ++i) {
      int32_t u = 1 << 13, v = 1 << 13;
      for (int k = 0; k < kTaps; ++k) {
        u += weights.of[k] * U(taps[k].lane[i]);
        v += weights.of[k] * V(taps[k].lane[i]);
      }
      pairs.lane[i] = PairOf(u >> 14, v >> 14);
    }
    return pairs;
  }
  static void StorePixels(uint8_t* rgb, const Int& red, const Int& green, const Int& blue) {
    const Int* const colours[] = {&red, &green, &blue};
    for (int i = 0; i < kLanes; ++i) {
      for (int c = 0; c < 3; ++c) {
        const int32_t value = colours[c]->lane[i];
        rgb[3 * i + c] = static_cast<uint8_t>(Smaller(Larger(value, 0), 255));
      }
    }
  }
};

}  // namespace

ADDERSR_DEFINE_IMAGE_KERNEL(portable, portable_image, PortablePixels);

}  // namespace addersr::image
