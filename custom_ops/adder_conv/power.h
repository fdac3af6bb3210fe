// The power activation over any vector type: t * max(|t|, 1e-12)^(alpha - 1), which is
// sign(t) |t|^alpha without a pole at 0. It rounds in the same places on every instruction set: all
// operations are those of single vectors (no fused ones), so kernels agree bit by bit.
//
// With a = alpha - 1 and |t| = 2^n z, z in [sqrt(1/2), sqrt(2)):
//
//   p = a n + a log2(z);   result = t 2^round(p) 2^(p - round(p))
//
// A plain float p would lose digits as |p| grows (seven of its bits stand before the point), so its
// integer part is split off exactly: a = high + low, where `high` has 15 bits and n has 8, so that
// high * n has no rounding.
//
// Error, relative to the exact result, for 0 <= alpha <= 1024: less than (3 + 2 |a|) eps, where
// eps = 2^-23:
//   polynomial of log2(z), 9 terms: 7e-9 absolute; its evaluation and the product with x: 0.9 eps
//   p, all roundings and log2(z) together: (0.25 + 1.9 |a|) eps absolute, times ln 2
//   2^f for |f| <= 1/2, 6 terms: 2e-9 relative; its evaluation: 1.6 eps;  t 2^k e: 0.5 eps
// Subnormal results are off by up to three subnormal steps. Zeros stay zeros with their signs, and
// results beyond the range of floats are infinite.
//
// Beside what tile.h wants of it, a vector type V provides Mul, Min, And(v, bits), Or(v, bits),
// AddToBits(v, integer), ShiftLeft23(v), ShiftRight23(v): the last five on the 32 bits of each
// lane, shifts without sign.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace addersr::adder_conv {

constexpr float kLargestAlpha = 1024.0F;

// a = alpha - 1 as the sum of two floats, the first of 15 bits.
inline void SplitExponent(float alpha, float* high, float* low) {
  const double a = static_cast<double>(alpha) - 1.0;
  float rounded = static_cast<float>(a);
  uint32_t bits;
  std::memcpy(&bits, &rounded, sizeof(bits));
  bits &= 0xFFFFFE00U;
  std::memcpy(&rounded, &bits, sizeof(bits));
  *high = rounded;
  *low = static_cast<float>(a - rounded);
}

// c[0] + c[1] x + ... in a tree, whose depth and not whose size decides how long it takes.
template <class V, int kCount>
inline typename V::Vector Polynomial(typename V::Vector x, const float* c) {
  if constexpr (kCount == 1) {
    return V::Broadcast(c[0]);
  } else if constexpr (kCount == 2) {
    return V::Add(V::Mul(V::Broadcast(c[1]), x), V::Broadcast(c[0]));
  } else {
    // The largest power of two below kCount.
    constexpr int kLow = kCount > 8 ? 8 : kCount > 4 ? 4 : 2;
    typename V::Vector power = V::Mul(x, x);
    for (int i = 2; i < kLow; i *= 2) power = V::Mul(power, power);
    return V::Add(V::Mul(Polynomial<V, kCount - kLow>(x, c + kLow), power),
                  Polynomial<V, kLow>(x, c));
  }
}

// The logarithm of a positive number to base 2: the exact sum of an integer and log2 of z.
template <class V>
struct Logarithm {
  typename V::Vector whole, fraction;
};

// Of normal numbers only.
template <class V>
inline Logarithm<V> Log2(typename V::Vector magnitude) {
  using Vector = typename V::Vector;
  constexpr uint32_t kHalfRoot = 0x3F3504F3;
  // Minimax for log2(1 + x) / x on the interval of z.
  constexpr float kLog[] = {0x1.715474p+0F,  -0x1.71546ap-1F, 0x1.ec76f4p-2F,
                            -0x1.7160e6p-2F, 0x1.268f78p-2F,  -0x1.e87ceap-3F,
                            0x1.bd318cp-3F,  -0x1.aeb34cp-3F, 0x1.00d79ap-3F};
  // Shifting the bits by those of sqrt(1/2) puts z, not [1, 2), between two exponents.
  const Vector shifted = V::AddToBits(magnitude, 0x3F800000 - kHalfRoot);
  // The biased exponent in the low bits of 2^23 makes the float 2^23 + 127 + n.
  const Vector n =
      V::Sub(V::Or(V::ShiftRight23(shifted), 0x4B000000), V::Broadcast(8388608.0F + 127.0F));
  const Vector x = V::Sub(V::AddToBits(V::And(shifted, 0x007FFFFF), kHalfRoot), V::Broadcast(1.0F));
  return {n, V::Mul(x, Polynomial<V, 9>(x, kLog))};
}

// factor * 2^((high + low) log).
template <class V>
inline typename V::Vector TimesPower(typename V::Vector factor, const Logarithm<V>& log,
                                     typename V::Vector high, typename V::Vector low) {
  using Vector = typename V::Vector;
  // Adding it to a float of less than 2^22 rounds that to an integer, which the low bits then hold.
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23
  // Minimax for (2^f - 1) / f, |f| <= 1/2.
  constexpr float kExp[] = {0x1.62e430p-1F, 0x1.ebfbe0p-3F,  0x1.c6aed0p-5F,
                            0x1.3b29aep-7F, 0x1.5f47c8p-10F, 0x1.448d98p-13F};
  const Vector round = V::Broadcast(kRound);
  const Vector one = V::Broadcast(1.0F);

  const Vector whole = V::Mul(high, log.whole);
  const Vector first = V::Sub(V::Add(whole, round), round);
  const Vector rest = V::Add(V::Sub(whole, first), V::Add(V::Mul(low, log.whole),
                                                          V::Mul(V::Add(high, low), log.fraction)));
  const Vector second = V::Sub(V::Add(rest, round), round);
  const Vector f = V::Sub(rest, second);
  const Vector e = V::Add(V::Mul(f, Polynomial<V, 6>(f, kExp)), one);

  // Two powers of two, since k itself need not be the exponent of a float. The first has all of k
  // but one: a subnormal factor is large again before e rounds it, and what is to become finite is
  // never infinite on the way. Beyond the bounds of k the result is 0 or infinite anyway.
  const Vector k =
      V::Min(V::Max(V::Add(first, second), V::Broadcast(-252.0F)), V::Broadcast(252.0F));
  const Vector most = V::Min(V::Max(V::Sub(k, one), V::Broadcast(-126.0F)), V::Broadcast(126.0F));
  const Vector bias = V::Broadcast(kRound + 127.0F);
  const Vector scale = V::ShiftLeft23(V::Add(most, bias));
  const Vector other = V::ShiftLeft23(V::Add(V::Sub(k, most), bias));
  return V::Mul(V::Mul(V::Mul(factor, scale), e), other);
}

// max(|t|, 1e-12), of which the power is taken.
template <class V>
inline typename V::Vector Magnitude(typename V::Vector t) {
  return V::Max(V::And(t, 0x7FFFFFFF), V::Broadcast(1e-12F));
}

template <class V>
inline typename V::Vector SignedPower(typename V::Vector t, typename V::Vector high,
                                      typename V::Vector low) {
  return TimesPower<V>(t, Log2<V>(Magnitude<V>(t)), high, low);
}

}  // namespace addersr::adder_conv
