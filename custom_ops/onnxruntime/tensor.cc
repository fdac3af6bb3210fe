#include "custom_ops/onnxruntime/tensor.h"

#include <memory>

namespace addersr::ort {

Tensor<void> ReadAnyTensor(const Api& api, const OrtValue* value, const InputName& input) {
  const std::string expects = std::string(input.op) + " expects ";
  if (value == nullptr) {
    throw Failure(expects + "the input " + input.name + " " + input.layout +
                  ", but it is missing.");
  }
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Check(api, api.GetTensorTypeAndShape(value, &info));
  const std::unique_ptr<OrtTensorTypeAndShapeInfo, void (*)(OrtTensorTypeAndShapeInfo*)> owner(
      info, api.ReleaseTensorTypeAndShapeInfo);
  Tensor<void> tensor{nullptr, Dimensions(api, info)};
  if (tensor.dims.size() != input.rank) {
    throw Failure(expects + input.name + " to have " + std::to_string(input.rank) +
                  (input.rank == 1 ? " dimension " : " dimensions ") + input.layout + ", got " +
                  Join(tensor.dims) + ".");
  }
  // The table has no function for reading only; the tensor is not written to.
  void* data = nullptr;
  Check(api, api.GetTensorMutableData(const_cast<OrtValue*>(value), &data));
  tensor.data = data;
  return tensor;
}

}  // namespace addersr::ort
