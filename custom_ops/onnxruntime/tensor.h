// Float tensors as the runtime hands them to a kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::ort {

struct Tensor {
  const float* data;
  std::vector<int64_t> dims;
};

// The sizes of `info`; -1 stands for one that is not known yet.
inline std::vector<int64_t> Dimensions(const Api& api, const OrtTensorTypeAndShapeInfo* info) {
  size_t rank = 0;
  Check(api, api.GetDimensionsCount(info, &rank));
  std::vector<int64_t> dims(rank);
  Check(api, api.GetDimensions(info, dims.data(), rank));
  return dims;
}

// Throws unless `value` exists and has the expected rank. `layout` explains it: "[N, C, H, W]".
Tensor ReadTensor(const Api& api, const OrtValue* value, const char* name, size_t rank,
                  const char* layout);

}  // namespace addersr::ort
