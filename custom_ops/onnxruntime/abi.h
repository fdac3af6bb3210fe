// The part of onnxruntime's C ABI that the op library uses, in our own words.
//
// onnxruntime hands out one table of function pointers, OrtApi. The table is only ever appended to,
// so an entry's slot number is fixed for ever. We ask for version 18 of the table and use only
// entries of that version or older: one binary then loads into onnxruntime 1.18 and every newer
// one. Include no official header here: a newer one would silently call newer entries.
//
// tests/custom_ops/abi_check.cc compares everything below with the official header.
#pragma once

#include <cstddef>
#include <cstdint>

namespace addersr::ort {

constexpr uint32_t kApiVersion = 18;

// Opaque objects of the runtime.
struct OrtApi;
struct OrtStatus;
struct OrtSessionOptions;
struct OrtCustomOpDomain;
struct OrtKernelInfo;
struct OrtKernelContext;
struct OrtShapeInferContext;
struct OrtTensorTypeAndShapeInfo;
struct OrtValue;
struct OrtOpAttr;

enum OrtErrorCode { ORT_FAIL = 1, ORT_INVALID_ARGUMENT = 2 };

enum ONNXTensorElementDataType {
  ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT = 1,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 = 2,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 = 3,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16 = 5,
  ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 = 6
};

enum OrtOpAttrType { ORT_OP_ATTR_INT = 1, ORT_OP_ATTR_INTS = 2, ORT_OP_ATTR_STRING = 5 };

enum OrtCustomOpInputOutputCharacteristic { INPUT_OUTPUT_REQUIRED = 0 };

enum OrtMemType { OrtMemTypeDefault = 0 };

struct OrtApiBase {
  const OrtApi* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)();
};

// Every entry in use: X(slot, first version of onnxruntime 1.x that has it, name, result,
// arguments). A function that returns OrtStatus* returns nullptr for success; else the caller owns
// the status.
// clang-format off
#define ADDERSR_ORT_ENTRIES(X)                                                                     \
  X(0, 1, CreateStatus, OrtStatus*, OrtErrorCode code, const char* message)                        \
  X(1, 1, GetErrorCode, OrtErrorCode, const OrtStatus* status)                                     \
  X(2, 1, GetErrorMessage, const char*, const OrtStatus* status)                                   \
  X(26, 1, CreateCustomOpDomain, OrtStatus*, const char* name, OrtCustomOpDomain** out)            \
  X(27, 1, CustomOpDomain_Add, OrtStatus*, OrtCustomOpDomain* domain, const OrtCustomOp* op)       \
  X(28, 1, AddCustomOpDomain, OrtStatus*, OrtSessionOptions* options, OrtCustomOpDomain* domain)   \
  X(51, 1, GetTensorMutableData, OrtStatus*, OrtValue* value, void** out)                          \
  X(57, 1, CreateTensorTypeAndShapeInfo, OrtStatus*, OrtTensorTypeAndShapeInfo** out)              \
  X(58, 1, SetTensorElementType, OrtStatus*, OrtTensorTypeAndShapeInfo* info,                      \
    ONNXTensorElementDataType type)                                                                \
  X(59, 1, SetDimensions, OrtStatus*, OrtTensorTypeAndShapeInfo* info, const int64_t* sizes,       \
    size_t count)                                                                                  \
  X(60, 1, GetTensorElementType, OrtStatus*, const OrtTensorTypeAndShapeInfo* info,                \
    ONNXTensorElementDataType* out)                                                                \
  X(61, 1, GetDimensionsCount, OrtStatus*, const OrtTensorTypeAndShapeInfo* info, size_t* out)     \
  X(62, 1, GetDimensions, OrtStatus*, const OrtTensorTypeAndShapeInfo* info, int64_t* out,         \
    size_t count)                                                                                  \
  X(63, 1, GetSymbolicDimensions, OrtStatus*, const OrtTensorTypeAndShapeInfo* info,               \
    const char** out, size_t count)                                                                \
  X(65, 1, GetTensorTypeAndShape, OrtStatus*, const OrtValue* value,                               \
    OrtTensorTypeAndShapeInfo** out)                                                               \
  X(85, 1, KernelInfoGetAttribute_float, OrtStatus*, const OrtKernelInfo* info, const char* name,  \
    float* out)                                                                                    \
  X(86, 1, KernelInfoGetAttribute_int64, OrtStatus*, const OrtKernelInfo* info, const char* name,  \
    int64_t* out)                                                                                  \
  X(87, 1, KernelInfoGetAttribute_string, OrtStatus*, const OrtKernelInfo* info, const char* name, \
    char* out, size_t* size)                                                                       \
  X(90, 1, KernelContext_GetInput, OrtStatus*, const OrtKernelContext* context, size_t index,      \
    const OrtValue** out)                                                                          \
  X(91, 1, KernelContext_GetOutput, OrtStatus*, OrtKernelContext* context, size_t index,           \
    const int64_t* sizes, size_t count, OrtValue** out)                                            \
  X(93, 1, ReleaseStatus, void, OrtStatus* status)                                                 \
  X(99, 1, ReleaseTensorTypeAndShapeInfo, void, OrtTensorTypeAndShapeInfo* info)                   \
  X(130, 5, AddSessionConfigEntry, OrtStatus*, OrtSessionOptions* options, const char* key,        \
    const char* value)                                                                             \
  X(162, 8, KernelInfoGetAttributeArray_float, OrtStatus*, const OrtKernelInfo* info,              \
    const char* name, float* out, size_t* size)                                                    \
  X(163, 8, KernelInfoGetAttributeArray_int64, OrtStatus*, const OrtKernelInfo* info,              \
    const char* name, int64_t* out, size_t* size)                                                  \
  X(237, 14, HasSessionConfigEntry, OrtStatus*, const OrtSessionOptions* options, const char* key, \
    int* out)                                                                                      \
  X(244, 15, KernelInfo_GetNodeName, OrtStatus*, const OrtKernelInfo* info, char* out,             \
    size_t* size)                                                                                  \
  X(249, 15, KernelInfoGetConstantInput_tensor, OrtStatus*, const OrtKernelInfo* info,             \
    size_t index, int* is_constant, const OrtValue** out)                                          \
  X(268, 17, ShapeInferContext_GetInputTypeShape, OrtStatus*, const OrtShapeInferContext* context, \
    size_t index, OrtTensorTypeAndShapeInfo** out)                                                 \
  X(269, 17, ShapeInferContext_GetAttribute, OrtStatus*, const OrtShapeInferContext* context,      \
    const char* name, const OrtOpAttr** out)                                                       \
  X(270, 17, ShapeInferContext_SetOutputTypeShape, OrtStatus*,                                     \
    const OrtShapeInferContext* context, size_t index, const OrtTensorTypeAndShapeInfo* info)      \
  X(271, 17, SetSymbolicDimensions, OrtStatus*, OrtTensorTypeAndShapeInfo* info,                   \
    const char** names, size_t count)                                                              \
  X(272, 17, ReadOpAttr, OrtStatus*, const OrtOpAttr* attribute, OrtOpAttrType type, void* out,    \
    size_t size, size_t* needed)                                                                   \
  X(274, 17, KernelContext_ParallelFor, OrtStatus*, const OrtKernelContext* context,               \
    void (*function)(void*, size_t), size_t total, size_t batches, void* data)
// clang-format on

// A custom op as the runtime sees it: a version and callbacks. The runtime reads `version` first
// and then only those fields that this version has; ours ends where version 18 ends.
struct OrtCustomOp {
  uint32_t version;
  void* (*CreateKernel)(const OrtCustomOp* op, const OrtApi* api, const OrtKernelInfo* info);
  const char* (*GetName)(const OrtCustomOp* op);
  const char* (*GetExecutionProviderType)(const OrtCustomOp* op);
  ONNXTensorElementDataType (*GetInputType)(const OrtCustomOp* op, size_t index);
  size_t (*GetInputTypeCount)(const OrtCustomOp* op);
  ONNXTensorElementDataType (*GetOutputType)(const OrtCustomOp* op, size_t index);
  size_t (*GetOutputTypeCount)(const OrtCustomOp* op);
  void (*KernelCompute)(void* kernel, OrtKernelContext* context);
  void (*KernelDestroy)(void* kernel);
  OrtCustomOpInputOutputCharacteristic (*GetInputCharacteristic)(const OrtCustomOp* op,
                                                                 size_t index);
  OrtCustomOpInputOutputCharacteristic (*GetOutputCharacteristic)(const OrtCustomOp* op,
                                                                  size_t index);
  OrtMemType (*GetInputMemoryType)(const OrtCustomOp* op, size_t index);
  int (*GetVariadicInputMinArity)(const OrtCustomOp* op);
  int (*GetVariadicInputHomogeneity)(const OrtCustomOp* op);
  int (*GetVariadicOutputMinArity)(const OrtCustomOp* op);
  int (*GetVariadicOutputHomogeneity)(const OrtCustomOp* op);
  // From here on a failure is a status; the runtime prefers these two over their namesakes above.
  OrtStatus* (*CreateKernelV2)(const OrtCustomOp* op, const OrtApi* api, const OrtKernelInfo* info,
                               void** kernel);
  OrtStatus* (*KernelComputeV2)(void* kernel, OrtKernelContext* context);
  OrtStatus* (*InferOutputShapeFn)(const OrtCustomOp* op, OrtShapeInferContext* context);
  int (*GetStartVersion)(const OrtCustomOp* op);
  int (*GetEndVersion)(const OrtCustomOp* op);
  size_t (*GetMayInplace)(int** inputs, int** outputs);
  void (*ReleaseMayInplace)(int* inputs, int* outputs);
  size_t (*GetAliasMap)(int** inputs, int** outputs);
  void (*ReleaseAliasMap)(int* inputs, int* outputs);
};

// The entries in use as typed function pointers: api.CreateStatus(...).
struct Api {
#define ADDERSR_ORT_ENTRY(slot, since, name, result, ...)                        \
  static_assert((since) <= kApiVersion, #name " is newer than the API version"); \
  result (*name)(__VA_ARGS__);
  ADDERSR_ORT_ENTRIES(ADDERSR_ORT_ENTRY)
#undef ADDERSR_ORT_ENTRY
};

// `table` must come from GetApi(kApiVersion), or be used only for entries that its version has.
inline Api Bind(const OrtApi* table) {
  void* const* slots = reinterpret_cast<void* const*>(table);
  Api api;
#define ADDERSR_ORT_ENTRY(slot, since, name, result, ...) \
  api.name = reinterpret_cast<result (*)(__VA_ARGS__)>(slots[slot]);
  ADDERSR_ORT_ENTRIES(ADDERSR_ORT_ENTRY)
#undef ADDERSR_ORT_ENTRY
  return api;
}

}  // namespace addersr::ort
