// Plain C++ for every CPU; the compiler vectorises the loops over lanes as far as it can.
#include "custom_ops/adder_conv/tile.h"
#include "custom_ops/isa/portable_vector.h"

namespace addersr::adder_conv {
namespace {

struct Portable : isa::PortableVector {
  static constexpr int kPixels = 4;
  static Vector AccumulateMax(Vector acc, const Vector& x, const Vector& w) {
    for (int i = 0; i < kLanes; ++i) acc.lane[i] += x.lane[i] > w.lane[i] ? x.lane[i] : w.lane[i];
    return acc;
  }
  static Vector Finish(const Vector& offset, const Vector& x_sum, const Vector& acc) {
    Vector y;
    for (int i = 0; i < kLanes; ++i) {
      y.lane[i] = (offset.lane[i] + x_sum.lane[i]) - 2.0F * acc.lane[i];
    }
    return y;
  }
};

}  // namespace

ADDERSR_DEFINE_KERNEL(portable, portable_max_add, Portable);

}  // namespace addersr::adder_conv
