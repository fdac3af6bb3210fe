#include "custom_ops/isa/isa.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <cstdlib>
#include <cstring>

namespace addersr::isa {

const std::vector<Isa>& All() {
  // Immortal, so that it can be used while other threads outlive main().
  static const std::vector<Isa>& all = *new std::vector<Isa>{
#define ADDERSR_ISA(name, condition) {#name, static_cast<bool>(condition)},
#include "custom_ops/isa/isa.inc"
#undef ADDERSR_ISA
  };
  return all;
}

bool Supported(const char* name) {
  for (const Isa& isa : All()) {
    if (std::strcmp(isa.name, name) == 0) return isa.supported;
  }
  return false;
}

const std::string& Forced() {
  static const std::string& forced = *new std::string([] {
    const char* value = std::getenv("ADDERSR_FORCE_ISA");
    return value == nullptr ? std::string() : std::string(value);
  }());
  return forced;
}

std::string ForcedError() {
  if (Forced().empty()) return {};
  std::string here;
  bool known = false;
  for (const Isa& isa : All()) {
    if (isa.supported) here += (here.empty() ? "" : ", ") + std::string(isa.name);
    if (Forced() == isa.name) {
      if (isa.supported) return {};
      known = true;
    }
  }
  return "ADDERSR_FORCE_ISA is '" + Forced() + "', which " +
         (known ? "this CPU cannot run" : "is not the name of an instruction set of this library") +
         ". Set it to one of " + here + ", or unset it.";
}

}  // namespace addersr::isa
