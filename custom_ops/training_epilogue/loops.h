// The two loops, written once over any vector type (what tile.h and power.h of adder_conv want of
// it, and Select). All values of a call belong to one channel, so every branch goes the same way.
#pragma once

#include "custom_ops/adder_conv/power.h"
#include "custom_ops/training_epilogue/kernel.h"

namespace addersr::training_epilogue {

// The parameters of a channel in all lanes.
template <class V>
struct Parameters {
  using Vector = typename V::Vector;
  explicit Parameters(const Channel& c)
      : scale(V::Broadcast(c.scale)),
        bias(V::Broadcast(c.bias)),
        alpha(V::Broadcast(c.alpha)),
        high(V::Broadcast(c.power_high)),
        low(V::Broadcast(c.power_low)),
        slope(V::Broadcast(c.slope)) {}
  Vector scale, bias, alpha, high, low, slope;
};

// Calls step(first value) for whole vectors, and tail(first value) for what is left, if anything.
template <class V, class Step, class Tail>
inline void ForEachVector(int64_t values, const Step& step, const Tail& tail) {
  int64_t i = 0;
  for (; i + V::kLanes <= values; i += V::kLanes) step(i);
  if (i < values) tail(i);
}

// A vector of the values from `first` on, the last of them repeated.
template <class V>
struct Padded {
  Padded(const float* from, int64_t first, int64_t values) {
    for (int64_t i = 0; i < V::kLanes; ++i) {
      lane[i] = from[first + i < values ? first + i : values - 1];
    }
  }
  float lane[V::kLanes];
};

template <class V>
inline void StoreSome(float* to, int64_t first, int64_t values, typename V::Vector v) {
  float lane[V::kLanes];
  V::Store(lane, v);
  for (int64_t i = first; i < values; ++i) to[i] = lane[i - first];
}

template <class V>
inline typename V::Vector BeforePower(const Parameters<V>& p, const float* a, const float* z) {
  const typename V::Vector t = V::Add(V::Mul(p.scale, V::Load(a)), p.bias);
  return z == nullptr ? t : V::Add(t, V::Load(z));
}

template <class V>
inline void Forward(const Channel& channel, const float* a, const float* z, float* y,
                    int64_t values) {
  const Channel c = channel;  // a copy that no store can change
  const Parameters<V> p(c);
  const auto one = [&](const float* a_at, const float* z_at) {
    typename V::Vector t = BeforePower<V>(p, a_at, z_at);
    if (c.has_power) t = adder_conv::SignedPower<V>(t, p.high, p.low);
    // A comparison and not a maximum, which could hide that something is not a number.
    return c.has_slope ? V::Select(t, t, V::Mul(p.slope, t)) : t;
  };
  ForEachVector<V>(
      values, [&](int64_t i) { V::Store(y + i, one(a + i, z == nullptr ? z : z + i)); },
      [&](int64_t i) {
        const Padded<V> a_tail(a, i, values), z_tail(z == nullptr ? a : z, i, values);
        StoreSome<V>(y, i, values, one(a_tail.lane, z == nullptr ? z : z_tail.lane));
      });
}

template <class V>
struct Gradients {
  typename V::Vector da, dt;
};

// Sums of one channel in vectors, which Flush adds to doubles before they grow long.
template <class V>
struct Sums {
  using Vector = typename V::Vector;
  Vector scale = V::Zero(), bias = V::Zero(), alpha = V::Zero(), slope = V::Zero();

  void Flush(double* to) {
    const Vector parts[] = {scale, bias, alpha, slope};
    for (int k = 0; k < 4; ++k) {
      float lane[V::kLanes];
      V::Store(lane, parts[k]);
      for (int i = 0; i < V::kLanes; ++i) to[k] += static_cast<double>(lane[i]);
    }
    scale = bias = alpha = slope = V::Zero();
  }
};

template <class V>
inline Gradients<V> Back(const Channel& c, const Parameters<V>& p, const float* dy_at,
                         const float* a_at, const float* z_at, Sums<V>* sums) {
  using Vector = typename V::Vector;
  // ln 2, and 1 over the magnitude below which dP/dT does not grow.
  constexpr float kLn2 = 0x1.62e430p-1F, kPerFloor = 1e4F;
  const Vector t = BeforePower<V>(p, a_at, z_at);
  Vector dt = V::Load(dy_at);
  Vector power = t, ratio = t, log = t;
  if (c.has_power) {
    const auto logarithm = adder_conv::Log2<V>(adder_conv::Magnitude<V>(t));
    log = V::Mul(V::Add(logarithm.whole, logarithm.fraction), V::Broadcast(kLn2));
    ratio = adder_conv::TimesPower<V>(V::Broadcast(1.0F), logarithm, p.high, p.low);
    power = V::Mul(t, ratio);
  }
  if (c.has_slope) {
    const Vector from_slope = V::Select(power, V::Zero(), V::Mul(dt, power));
    sums->slope = V::Add(sums->slope, from_slope);
    dt = V::Select(power, dt, V::Mul(p.slope, dt));
  }
  if (c.has_power) {
    sums->alpha = V::Add(sums->alpha, V::Mul(V::Mul(dt, power), log));
    const Vector near =
        V::Min(V::Mul(V::And(t, 0x7FFFFFFF), V::Broadcast(kPerFloor)), V::Broadcast(1.0F));
    dt = V::Mul(dt, V::Mul(V::Mul(p.alpha, ratio), near));
  }
  sums->bias = V::Add(sums->bias, dt);
  sums->scale = V::Add(sums->scale, V::Mul(dt, V::Load(a_at)));
  return {V::Mul(p.scale, dt), dt};
}

template <class V>
inline void Backward(const Channel& channel, const float* dy, const float* a, const float* z,
                     float* da, float* dz, int64_t values, double* sums) {
  constexpr int64_t kVectorsPerFlush = 64;
  const Channel c = channel;
  const Parameters<V> p(c);
  for (int k = 0; k < 4; ++k) sums[k] = 0.0;
  Sums<V> parts;
  int64_t vectors = 0;
  ForEachVector<V>(
      values,
      [&](int64_t i) {
        const Gradients<V> g = Back<V>(c, p, dy + i, a + i, z == nullptr ? z : z + i, &parts);
        V::Store(da + i, g.da);
        if (z != nullptr) V::Store(dz + i, g.dt);
        if (++vectors % kVectorsPerFlush == 0) parts.Flush(sums);
      },
      [&](int64_t i) {
        const Padded<V> a_tail(a, i, values), z_tail(z == nullptr ? a : z, i, values);
        Padded<V> dy_tail(dy, i, values);
        for (int64_t k = values - i; k < V::kLanes; ++k) dy_tail.lane[k] = 0.0F;  // not summed
        const Gradients<V> g =
            Back<V>(c, p, dy_tail.lane, a_tail.lane, z == nullptr ? z : z_tail.lane, &parts);
        StoreSome<V>(da, i, values, g.da);
        if (z != nullptr) StoreSome<V>(dz, i, values, g.dt);
      });
  parts.Flush(sums);
}

}  // namespace addersr::training_epilogue

// Defines the kernel of an instruction set, which has the vector type V.
#define ADDERSR_DEFINE_EPILOGUE_KERNEL(isa, V) \
  extern const Kernel kernel_##isa;            \
  const Kernel kernel_##isa { #isa, Forward<V>, Backward<V> }
