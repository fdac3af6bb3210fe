// The forms of acc + max(x, w), for any vector type: what tile.h calls an Arch. Their results are
// equal, bit for bit, since a fused multiplication by 1 rounds once, like an addition.
//   MaxAdd  max, add          best where additions have pipes of their own (Zen 1), and without FMA
//   MaxFma  max, fma(m,1,acc) best where max and add share their pipes (Zen 4, Haswell)
#pragma once

namespace addersr::adder_conv {

template <class V, int kTilePixels>
struct MaxAdd : V {
  using Vector = typename V::Vector;
  static constexpr int kPixels = kTilePixels;
  static Vector AccumulateMax(const Vector& acc, const Vector& x, const Vector& w) {
    return V::Add(acc, V::Max(x, w));
  }
  static Vector Finish(const Vector& offset, const Vector& x_sum, const Vector& acc) {
    return V::Sub(V::Add(offset, x_sum), V::Add(acc, acc));
  }
};

template <class V, int kTilePixels>
struct MaxFma : MaxAdd<V, kTilePixels> {
  using Vector = typename V::Vector;
  static Vector AccumulateMax(const Vector& acc, const Vector& x, const Vector& w) {
    return V::MultiplyAdd(V::Max(x, w), V::Broadcast(One()), acc);
  }

 private:
  // Clang makes an addition of a product with 1, on the wrong ports, unless it cannot see the 1.
  static float One() {
    float one = 1.0F;
#if defined(__clang__)
    __asm__("" : "+x"(one));
#endif
    return one;
  }
};

}  // namespace addersr::adder_conv
