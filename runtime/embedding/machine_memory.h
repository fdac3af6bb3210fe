// How much memory this process may hope for.
#pragma once

#include <cstdint>

namespace addersr::embedding {

// Bytes of the machine, or of the container (control group) that the process began in, if it has
// less; UINT64_MAX where nobody says.
uint64_t MachineBytes();

}  // namespace addersr::embedding
