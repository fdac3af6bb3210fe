// What kernels in integers need of an instruction set after their sums: int32 and float side by
// side. NAME_lanes.h provides, for T uint8_t and int16_t, a struct with
// - Data: T. kLanes: values of an Int (int32) and of a Float (fp32); the same types for both T
// - Int IntZero(), IntBroadcast(int32_t), LoadInt(const int32_t*)
// - Int Add, Sub, Min, Max(Int, Int), ShiftRight(Int, int)
// - Float FloatBroadcast(float), LoadFloat(const float*)
// - Float Multiply, AddFloat, MinFloat(Float, Float)
// - Float MaxFloat(a, b): b where a is not a number
// - void StoreInt(int32_t*, Int), StoreFloat(float*, Float)
// - Float ToFloat(Int): rounded to the nearest, ties to even
// - Int Round(Float): likewise; arguments are within ±2^21
// - Int LoadData(const T*): kLanes of them
// - void StoreClamped<kCount>(T* y, int64_t step, const Int (&u)[kCount], int32_t low, int32_t
//   high): kLanes values for each of kCount places that are `step` apart; low and high are of T
//
// Every operation is rounded on its own.
#pragma once

#include <cstdint>

namespace addersr::isa {

// StoreClamped for those that store one vector at a time, by StoreData(T*, Int).
template <class Lanes, int kCount>
inline void StoreEach(typename Lanes::Data* y, int64_t step, const typename Lanes::Int (&u)[kCount],
                      int32_t low, int32_t high) {
  const typename Lanes::Int least = Lanes::IntBroadcast(low);
  const typename Lanes::Int most = Lanes::IntBroadcast(high);
#pragma GCC unroll 16
  for (int p = 0; p < kCount; ++p) {
    Lanes::StoreData(y + p * step, Lanes::Min(Lanes::Max(u[p], least), most));
  }
}

}  // namespace addersr::isa
