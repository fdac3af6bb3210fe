// What an x86 CPU and its operating system can do, by the CPUID instruction itself:
// __builtin_cpu_supports reads a table of the compiler's runtime library, which zig's leaves empty.
#pragma once

#include <cpuid.h>

#include <cstdint>

namespace addersr::isa {

struct X86Features {
  bool sse41, fma, avx2, avx512f, avx512bw, avx512vl;
};

// The register XCR0, in which the operating system says what it saves when it switches threads.
inline uint32_t SavedRegisters() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// Bits: Intel's Software Developer's Manual, CPUID (leaves 1 and 7) and XCR0 (volume 1, chapter
// 13).
inline X86Features ReadX86Features() {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  X86Features features{};
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return features;
  features.sse41 = (c >> 19 & 1) != 0;
  const bool has_fma = (c >> 12 & 1) != 0;
  const bool has_avx = (c >> 28 & 1) != 0 && (c >> 27 & 1) != 0;  // AVX, and XGETBV may be used
  if (!has_avx) return features;
  constexpr uint32_t kYmm = 0x06, kZmm = 0xe6;  // SSE and AVX; also masks and all of the wide ones
  const uint32_t saved = SavedRegisters();
  if ((saved & kYmm) != kYmm) return features;
  features.fma = has_fma;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return features;
  features.avx2 = (b >> 5 & 1) != 0;
  if ((saved & kZmm) != kZmm) return features;
  features.avx512f = (b >> 16 & 1) != 0;
  features.avx512bw = (b >> 30 & 1) != 0;
  features.avx512vl = (b >> 31 & 1) != 0;
  return features;
}

}  // namespace addersr::isa
