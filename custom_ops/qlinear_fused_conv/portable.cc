// Plain C++ for every CPU: the definition, four outputs at a time.
#include "custom_ops/isa/portable_lanes.h"
#include "custom_ops/qlinear_fused_conv/tile.h"

namespace addersr::qlinear_fused_conv {
namespace {

template <class T>
struct Portable : isa::PortableLanes<T> {
  using Base = isa::PortableLanes<T>;
  using Int = typename Base::Int;
  using Vector = Int;
  static constexpr int kLanes = Base::kLanes;
  static constexpr int kChannels = 1, kPixels = 4, kGroups = 2, kMostSpread = 1;
  static Vector Load(const int16_t* from) { return Base::template LoadLanes<int32_t>(from); }
  template <int kSpread>
  static Vector Broadcast(const int16_t* from) {
    return Base::IntBroadcast(*from);
  }
  static Int Accumulate(Int acc, const Vector& x, const Vector& w) {
    for (int i = 0; i < kLanes; ++i) acc.lane[i] += x.lane[i] * w.lane[i];
    return acc;
  }
  template <int kSpread>
  static Int Total(const Int& acc) {
    return acc;
  }
};

using Uint8 = Portable<uint8_t>;
using Int16 = Portable<int16_t>;

}  // namespace

ADDERSR_DEFINE_CONV_KERNEL(portable, portable_conv_uint8, Uint8);
ADDERSR_DEFINE_CONV_KERNEL(portable, portable_conv_int16, Int16);

}  // namespace addersr::qlinear_fused_conv
