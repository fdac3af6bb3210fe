#include "custom_ops/isa/isa.h"

#if defined(__x86_64__)
#include "custom_ops/isa/x86_features.h"
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <cstdlib>
#include <cstring>

namespace addersr::isa {

const std::vector<Isa>& All() {
#if defined(__x86_64__)
  static const X86Features x86 = ReadX86Features();
#endif
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

std::string ForcedIsa() {
  // The longest fit: neon_dotprod_x belongs to neon_dotprod, not to neon.
  std::string longest;
  for (const Isa& isa : All()) {
    const std::string name = isa.name;
    const bool fits = Forced() == name || Forced().rfind(name + "_", 0) == 0;
    if (fits && name.size() > longest.size()) longest = name;
  }
  return longest;
}

std::string ForcedError() {
  const std::string forced = ForcedIsa();
  if (Forced().empty() || (!forced.empty() && Supported(forced.c_str()))) return {};
  std::string here;
  for (const Isa& isa : All()) {
    if (isa.supported) here += (here.empty() ? "" : ", ") + std::string(isa.name);
  }
  return "ADDERSR_FORCE_ISA is '" + Forced() + "', which " +
         (forced.empty() ? "is not the name of an instruction set of this library"
                         : "this CPU cannot run") +
         ". Set it to one of " + here + ", or unset it.";
}

}  // namespace addersr::isa
