// How fast the loop of the AVX2 kernels can be in registers alone, for the benchmark, which
// compiles this file: max and fused multiply-add on ten accumulators, as many as a tile has, no
// load at all.
#include <immintrin.h>

#include <chrono>

// 10^9 taps per second, the best of some runs of about a millisecond.
extern "C" double RegisterLimit() {
  constexpr long kSteps = 100000;
  constexpr int kAccumulators = 10;
  double best = 0.0;
  for (int run = 0; run < 20; ++run) {
    __m256 acc[kAccumulators];
#pragma GCC unroll 10
    for (int i = 0; i < kAccumulators; ++i) acc[i] = _mm256_setzero_ps();
    const __m256 x = _mm256_set1_ps(0.3F);
    const __m256 w = _mm256_set1_ps(0.2F);
    const __m256 one = _mm256_set1_ps(1.0F);
    const auto start = std::chrono::steady_clock::now();
    for (long step = 0; step < kSteps; ++step) {
#pragma GCC unroll 10
      for (int i = 0; i < kAccumulators; ++i) {
        __m256 larger = _mm256_max_ps(x, w);
        asm volatile("" : "+x"(larger));  // not out of the loop
        acc[i] = _mm256_fmadd_ps(larger, one, acc[i]);
        asm volatile("" : "+x"(acc[i]));
      }
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const double rate = kSteps * kAccumulators * 8 / elapsed.count() / 1e9;
    if (rate > best) best = rate;
  }
  return best;
}
