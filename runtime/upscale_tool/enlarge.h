// From the bytes of the input to the bytes of the output.
#pragma once

#include <addersr.hpp>

#include "reporter.h"
#include "settings.h"

namespace addersr::tool {

// Finds out what the input is, and enlarges it. Throws Failure, Error or Interrupted; a file that
// is named as output is then as it was before.
Summary Enlarge(const Settings& settings, const Engine& engine, Reporter* reporter);

}  // namespace addersr::tool
