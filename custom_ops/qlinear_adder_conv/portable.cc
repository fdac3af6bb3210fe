// Plain C++ for every CPU: the definition, four outputs at a time.
#include "custom_ops/isa/portable_lanes.h"
#include "custom_ops/qlinear_adder_conv/tile.h"

namespace addersr::qlinear_adder_conv {
namespace {

template <class T>
struct Portable : isa::PortableLanes<T> {
  using Base = isa::PortableLanes<T>;
  using Int = typename Base::Int;
  using Vector = Int;
  using Accumulator = Int;
  static constexpr int kLanes = Base::kLanes;
  static constexpr int kChannels = 1, kUnit = 1, kAccumulators = 1, kPixels = 4, kGroups = 2;
  static constexpr bool kMaxForm = false;
  static constexpr int kAccumulator = 0;
  static constexpr int kBits = 8 * sizeof(T);
  static constexpr int kSlots[kLanes] = {0, 1, 2, 3};
  static Vector Zero() { return Base::IntZero(); }
  static Vector Load(const T* from) { return Base::LoadData(from); }
  static Vector Broadcast(const T* from) { return Base::IntBroadcast(*from); }
  static Vector Accumulate(Vector acc, const Vector& x, const Vector& w) {
    for (int i = 0; i < kLanes; ++i) {
      const int32_t difference = x.lane[i] - w.lane[i];
      acc.lane[i] += difference < 0 ? -difference : difference;
    }
    return acc;
  }
  static Int Total(const Vector* acc) { return *acc; }
};

using Uint8 = Portable<uint8_t>;
using Int16 = Portable<int16_t>;

}  // namespace

ADDERSR_DEFINE_QLINEAR_KERNEL(portable, portable_uint8, Uint8);
ADDERSR_DEFINE_QLINEAR_KERNEL(portable, portable_int16, Int16);

}  // namespace addersr::qlinear_adder_conv
