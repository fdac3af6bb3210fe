#include <algorithm>

#include "custom_ops/adder_conv_gradient/tile.h"
#include "custom_ops/isa/portable_vector.h"

namespace addersr::adder_conv_gradient {
namespace {

struct Portable : isa::PortableVector {
  static constexpr int kPixels = 4;
  static Vector Accumulate(Vector acc, const Vector& dy, const Vector& w, const Vector& x, int) {
    for (int i = 0; i < kLanes; ++i) {
      acc.lane[i] += dy.lane[i] * std::min(std::max(w.lane[i] - x.lane[i], -1.0F), 1.0F);
    }
    return acc;
  }
};

}  // namespace

extern const Kernel kernel_portable;
const Kernel kernel_portable{"portable", Portable::kLanes, Row<Portable>};

}  // namespace addersr::adder_conv_gradient
