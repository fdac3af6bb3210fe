// The runtime's name of a C++ type.
#pragma once

#include <cstdint>

#include "custom_ops/onnxruntime/abi.h"

namespace addersr::ort {

template <class T>
constexpr ONNXTensorElementDataType kElementType = ONNXTensorElementDataType{};
template <>
inline constexpr ONNXTensorElementDataType kElementType<float> =
    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
template <>
inline constexpr ONNXTensorElementDataType kElementType<uint8_t> =
    ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
template <>
inline constexpr ONNXTensorElementDataType kElementType<int16_t> =
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16;
template <>
inline constexpr ONNXTensorElementDataType kElementType<int32_t> =
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;

}  // namespace addersr::ort
