#include <algorithm>

#include "custom_ops/adder_conv_gradient/tile.h"

namespace addersr::adder_conv_gradient {
namespace {

struct Portable {
  static constexpr int kLanes = 4;
  static constexpr int kPixels = 4;
  struct Vector {
    float lane[kLanes];
  };
  static Vector Load(const float* from) {
    Vector v;
    for (int i = 0; i < kLanes; ++i) v.lane[i] = from[i];
    return v;
  }
  static Vector Broadcast(float value) {
    Vector v;
    for (float& lane : v.lane) lane = value;
    return v;
  }
  static Vector Zero() { return Broadcast(0.0F); }
  static void Store(float* to, const Vector& v) {
    for (int i = 0; i < kLanes; ++i) to[i] = v.lane[i];
  }
  static Vector Accumulate(Vector acc, const Vector& dy, const Vector& w, const Vector& x) {
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
