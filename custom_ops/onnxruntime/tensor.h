// Tensors as the runtime hands them to a kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {

template <typename T>
struct Tensor {
  const T* data;
  std::vector<int64_t> dims;

  int64_t size() const {
    int64_t product = 1;
    for (int64_t dim : dims) product *= dim;
    return product;
  }
};

// The sizes of `info`; -1 stands for one that is not known yet.
inline std::vector<int64_t> Dimensions(const Api& api, const OrtTensorTypeAndShapeInfo* info) {
  size_t rank = 0;
  Check(api, api.GetDimensionsCount(info, &rank));
  std::vector<int64_t> dims(rank);
  Check(api, api.GetDimensions(info, dims.data(), rank));
  return dims;
}

// One input of an op in sentences and checks. The runtime has checked its element type.
struct InputName {
  const char* op;      // "AdderConv"
  const char* name;    // "X"
  size_t rank;         // of the tensor
  const char* layout;  // explains it: "[N, C, H, W]"
};

// Throws unless `value` exists and has the expected rank.
Tensor<void> ReadAnyTensor(const Api& api, const OrtValue* value, const InputName& input);

template <typename T>
Tensor<T> ReadTensor(const Api& api, const OrtValue* value, const InputName& input) {
  Tensor<void> tensor = ReadAnyTensor(api, value, input);
  return {static_cast<const T*>(tensor.data), std::move(tensor.dims)};
}

// The input of that index while a node runs; null if the node leaves it out.
inline const OrtValue* Input(const Api& api, OrtKernelContext* context, size_t index) {
  const OrtValue* value = nullptr;
  Check(api, api.KernelContext_GetInput(context, index, &value));
  return value;
}

// The input of that index when a node is created, if it is a constant of the graph; else null.
inline const OrtValue* ConstantInput(const Api& api, const OrtKernelInfo* info, size_t index) {
  int is_constant = 0;
  const OrtValue* value = nullptr;
  Check(api, api.KernelInfoGetConstantInput_tensor(info, index, &is_constant, &value));
  return is_constant != 0 ? value : nullptr;
}

// Makes the only output of a node.
template <typename T>
T* Output(const Api& api, OrtKernelContext* context, const std::vector<int64_t>& dims) {
  OrtValue* output = nullptr;
  Check(api, api.KernelContext_GetOutput(context, 0, dims.data(), dims.size(), &output));
  void* data = nullptr;
  Check(api, api.GetTensorMutableData(output, &data));
  return static_cast<T*>(data);
}

}  // namespace addersr::ort
