// NEON: SMLAL multiplies int16 and adds the products in int32, one value of a run at a time.
#include <cstring>

#include "custom_ops/isa/neon_lanes.h"
#include "custom_ops/qlinear_fused_conv/tile.h"

namespace addersr::qlinear_fused_conv {
namespace {

// 24 accumulators of four outputs, 2 of the filter and the input of 32 registers.
template <class T>
struct Neon : isa::NeonLanes<T> {
  using Vector = int16x8_t;
  using Int = typename isa::NeonLanes<T>::Int;
  static constexpr int kChannels = 1, kPixels = 6, kGroups = 2, kMostSpread = 1;
  static Vector Load(const int16_t* from) { return vld1q_s16(from); }
  template <int kSpread>
  static Vector Broadcast(const int16_t* from) {
    return vdupq_n_s16(*from);
  }
  static Int Accumulate(Int acc, Vector x, Vector w) {
    return {vmlal_s16(acc.low, vget_low_s16(x), vget_low_s16(w)), vmlal_high_s16(acc.high, x, w)};
  }
  template <int kSpread>
  static Int Total(Int acc) {
    return acc;
  }
};

using Uint8 = Neon<uint8_t>;
using Int16 = Neon<int16_t>;

}  // namespace

ADDERSR_DEFINE_CONV_KERNEL(neon, neon_conv_uint8, Uint8);
ADDERSR_DEFINE_CONV_KERNEL(neon, neon_conv_int16, Int16);

}  // namespace addersr::qlinear_fused_conv
