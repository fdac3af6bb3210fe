#include "custom_ops/onnxruntime/op.h"

namespace addersr::ort {

std::string NodePrefix(const Api& api, const OrtKernelInfo* info) {
  size_t size = 0;
  if (!Succeeded(api, api.KernelInfo_GetNodeName(info, nullptr, &size))) return {};
  std::string name(size, '\0');
  if (!Succeeded(api, api.KernelInfo_GetNodeName(info, name.data(), &size))) return {};
  name.resize(std::min(size, name.find('\0')));
  return name.empty() ? "" : "Node '" + name + "': ";
}

}  // namespace addersr::ort
