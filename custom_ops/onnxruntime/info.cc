// What the op library says about itself, for reports: one JSON object.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "custom_ops/adder_conv/adder_conv.h"
#include "custom_ops/adder_conv/kernel.h"
#include "custom_ops/image/image.h"
#include "custom_ops/onnxruntime/kernels.h"
#include "custom_ops/qlinear_adder_conv/qlinear_adder_conv.h"
#include "custom_ops/qlinear_fused_conv/qlinear_fused_conv.h"
#include "custom_ops/quantization/quantization.h"

#ifndef ADDERSR_VERSION
#error "ADDERSR_VERSION must be the version of the package, as a string"
#endif

namespace addersr {
namespace {

constexpr int kOpVersion = 1;

// A JSON string. `text` can come from the environment: UTF-8 stays as it is, the rest is escaped.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string QuotedList(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ",") + Quoted(text);
  return "[" + list + "]";
}

void AddOnce(std::vector<std::string>* texts, const char* text) {
  if (std::find(texts->begin(), texts->end(), text) == texts->end()) texts->push_back(text);
}

// What stands for all layers where one kernel is to be named: 32 channels, 3x3.
convolution::Geometry UsualLayer() {
  convolution::Geometry usual{};
  usual.in_channels = usual.out_channels = 32;
  usual.kernel_height = usual.kernel_width = 3;
  return usual;
}

std::string Info() {
  // First, because the choice may itself run kernels and so count calls.
  std::string error;
  const adder_conv::Kernel* chosen = adder_conv::SelectKernel(&error);
  std::string kernels;
  const std::string forced_error = ort::ForcedError();
  const auto add = [&](const char* op, const auto* kernel) {
    const char* name = kernel == nullptr || !forced_error.empty() ? "" : kernel->name;
    kernels += (kernels.empty() ? "" : ",") + Quoted(op) + ":" + Quoted(name);
  };
  const convolution::Geometry usual = UsualLayer();
  add("AdderConv", chosen);
  add("QLinearAdderConv uint8", qlinear_adder_conv::SelectKernel<uint8_t>(usual, 8, &error));
  add("QLinearAdderConv int16", qlinear_adder_conv::SelectKernel<int16_t>(usual, 11, &error));
  add("QLinearFusedConv uint8", qlinear_fused_conv::SelectKernel<uint8_t>(&error));
  add("QLinearFusedConv int16", qlinear_fused_conv::SelectKernel<int16_t>(&error));
  add("quantization", quantization::SelectKernel(&error));
  add("image", image::SelectKernel(&error));
  if (!forced_error.empty()) chosen = nullptr;
  std::vector<std::string> available;
  std::vector<std::string> known;
  std::string calls;
  for (const ort::KernelInfo& kernel : ort::AllKernels()) {
    AddOnce(&known, kernel.isa);
    if (kernel.supported) AddOnce(&available, kernel.isa);
    calls += (calls.empty() ? "" : ",") + Quoted(kernel.name) + ":" + std::to_string(kernel.calls);
  }
  return "{\"version\":" + Quoted(ADDERSR_VERSION) +
         ",\"op_version\":" + std::to_string(kOpVersion) +
         ",\"isa\":" + Quoted(chosen == nullptr ? "" : chosen->isa) +
         ",\"kernel\":" + Quoted(chosen == nullptr ? "" : chosen->name) + ",\"kernels\":{" +
         kernels + "},\"available_isas\":" + QuotedList(available) +
         ",\"known_isas\":" + QuotedList(known) + ",\"error\":" + Quoted(forced_error) +
         ",\"calls\":{" + calls + "}}";
}

}  // namespace
}  // namespace addersr

// The text stays valid until the next call on the same thread; null when memory runs out.
extern "C" __attribute__((visibility("default"))) const char* AddersrInfo() {
  thread_local std::string text;
  try {
    text = addersr::Info();
    return text.c_str();
  } catch (...) {
    return nullptr;
  }
}
