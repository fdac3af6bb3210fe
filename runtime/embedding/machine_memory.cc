#include "runtime/embedding/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace addersr::embedding {
namespace {

uint64_t Physical() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page)
                               : UINT64_MAX;
}

// What a file with one number says; "max" and a file that is not there mean no limit.
uint64_t Limit(const char* path) {
  uint64_t bytes = 0;
  return std::ifstream(path) >> bytes ? bytes : UINT64_MAX;
}

}  // namespace

uint64_t MachineBytes() {
  static const uint64_t bytes = std::min({Physical(), Limit("/sys/fs/cgroup/memory.max"),
                                          Limit("/sys/fs/cgroup/memory/memory.limit_in_bytes")});
  return bytes;
}

}  // namespace addersr::embedding
