#include "custom_ops/onnxruntime/kernels.h"

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/image/image.h"
#include "custom_ops/isa/isa.h"
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"
#include "custom_ops/qlinear_fused_conv/qlinear_fused_conv.h"
#include "custom_ops/quantization/quantization.h"

namespace addersr::ort {
namespace {

template <typename Infos>
void Append(const Infos& infos, std::vector<KernelInfo>* all) {
  for (const auto& info : infos) all->push_back({info.isa, info.name, info.supported, info.calls});
}

}  // namespace

std::vector<KernelInfo> AllKernels() {
  std::vector<KernelInfo> all;
  Append(adder_conv::Kernels(), &all);
  Append(qlinear_adder_conv::Kernels(), &all);
  Append(qlinear_fused_conv::Kernels(), &all);
  Append(quantization::Kernels(), &all);
  Append(image::Kernels(), &all);
  return all;
}

std::string ForcedError() {
  const std::string error = isa::ForcedError();
  if (!error.empty() || isa::Forced() == isa::ForcedIsa()) return error;
  for (const KernelInfo& kernel : AllKernels()) {
    if (isa::Forced() == kernel.name) return {};
  }
  return "ADDERSR_FORCE_ISA is '" + isa::Forced() +
         "', which is not the name of a kernel of this library. Set it to an instruction set such "
         "as " +
         isa::ForcedIsa() + ", or unset it.";
}

}  // namespace addersr::ort
