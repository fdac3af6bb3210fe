// What must hold whatever the fuzzer tries.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "runtime/embedding/include/addersr.h"

#define ADDERSR_REQUIRE(condition)                                                                 \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      std::fprintf(stderr, "%s:%d: %s does not hold; the last sentence: %s\n", __FILE__, __LINE__, \
                   #condition, addersr_last_error());                                              \
      std::abort();                                                                                \
    }                                                                                              \
  } while (false)
