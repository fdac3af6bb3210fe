#include "custom_ops/onnxruntime/tensor.h"

#include <memory>

namespace addersr::ort {

Tensor ReadTensor(const Api& api, const OrtValue* value, const char* name, size_t rank,
                  const char* layout) {
  if (value == nullptr) {
    throw Failure("AdderConv expects the input " + std::string(name) + " " + layout +
                  ", but it is missing.");
  }
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Check(api, api.GetTensorTypeAndShape(value, &info));
  const std::unique_ptr<OrtTensorTypeAndShapeInfo, void (*)(OrtTensorTypeAndShapeInfo*)> owner(
      info, api.ReleaseTensorTypeAndShapeInfo);
  Tensor tensor{nullptr, Dimensions(api, info)};
  if (tensor.dims.size() != rank) {
    throw Failure("AdderConv expects " + std::string(name) + " to have " + std::to_string(rank) +
                  (rank == 1 ? " dimension " : " dimensions ") + layout + ", got " +
                  Join(tensor.dims) + ".");
  }
  // The table has no function for reading only; the tensor is not written to.
  void* data = nullptr;
  Check(api, api.GetTensorMutableData(const_cast<OrtValue*>(value), &data));
  tensor.data = static_cast<const float*>(data);
  return tensor;
}

}  // namespace addersr::ort
