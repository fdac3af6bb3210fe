// Mistakes that a kernel of a layer in integers could make; the tests must notice each of them.
#pragma once

#include <memory>

#include "custom_ops/requantization/requantization.h"

namespace addersr::test {

using ByteRow = requantization::Row<uint8_t>;

inline void Read(const void* from) {
  const volatile uint8_t kept = *static_cast<const uint8_t*>(from);
  static_cast<void>(kept);
}
inline void ChangeAValue(const ByteRow& t) { t.y[2] ^= 1; }
inline void Allocate(const ByteRow& t) { t.y[0] += *std::make_unique<volatile uint8_t>(0); }
inline void ReadBehindTheOffsets(const ByteRow& t) {
  Read(t.layer->offset + (t.outputs + 3) / 4 * 4);
}
inline void ReadBehindZ(const ByteRow& t) { Read(t.z + t.pixels * t.pixel_outputs); }
inline void WriteBehindY(const ByteRow& t) { t.y[t.pixels * t.pixel_outputs] = 0; }

// The kernel `right()` with four lanes, bent: `mistake` runs after it.
template <class Task, auto right, auto mistake>
auto Bent() {
  auto kernel = right();
  kernel.name = "bent";
  kernel.row = [](const Task& task) {
    right().row(task);
    mistake(task);
  };
  return kernel;
}

}  // namespace addersr::test
