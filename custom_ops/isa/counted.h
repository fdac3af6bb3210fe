// Counts the calls of a kernel's functions.
#pragma once

#include <atomic>
#include <cstdint>

namespace addersr::isa {

// Counted<calls, function>::Run counts in `calls`, and is else that function.
template <auto& kCalls, auto kFunction>
struct Counted;
template <auto& kCalls, class... Arguments, void (*kFunction)(Arguments...)>
struct Counted<kCalls, kFunction> {
  static void Run(Arguments... arguments) {
    kCalls.fetch_add(1, std::memory_order_relaxed);
    kFunction(arguments...);
  }
};

}  // namespace addersr::isa
