// Compares our declaration of onnxruntime's C ABI (custom_ops/onnxruntime/abi.h) with the official
// header, in everything that the binary relies on: slots, argument types, layouts, constants; and
// so what programs that run models need beside it (custom_ops/onnxruntime/session_abi.h).
// It is only compiled, never run: tests/custom_ops/test_abi.py.
#include <onnxruntime_c_api.h>

#include <type_traits>

#include "custom_ops/onnxruntime/abi.h"
#include "custom_ops/onnxruntime/session_abi.h"

namespace ours = addersr::ort;

namespace {

// Two types are taken for equal when a caller and a callee compiled with them understand each
// other: objects of the runtime all look alike behind a pointer, and so do all enumerations.
struct Object;
enum class Enumeration : int {};

template <typename T>
struct Plain {
  using type = std::conditional_t<std::is_enum_v<T>, Enumeration,
                                  std::conditional_t<std::is_class_v<T>, Object, T>>;
};
template <typename T>
struct Plain<const T> {
  using type = const typename Plain<T>::type;
};
template <typename T>
struct Plain<T*> {
  using type = typename Plain<T>::type*;
};
template <typename Result, typename... Arguments>
struct Plain<Result(Arguments...)> {
  using type = typename Plain<Result>::type(typename Plain<Arguments>::type...);
};
template <typename Result, typename... Arguments>
struct Plain<Result(Arguments...) noexcept> : Plain<Result(Arguments...)> {};

template <typename A, typename B>
constexpr bool kAlike = std::is_same_v<typename Plain<A>::type, typename Plain<B>::type>;

// Entries of the table.
#define ADDERSR_CHECK(slot, since, name, ...)                                          \
  static_assert(offsetof(::OrtApi, name) == (slot) * sizeof(void*), "slot of " #name); \
  static_assert(kAlike<decltype(::OrtApi::name), decltype(ours::Api::name)>, "type of " #name);
ADDERSR_ORT_ENTRIES(ADDERSR_CHECK)
#undef ADDERSR_CHECK
#define ADDERSR_CHECK(slot, since, name, ...)                                          \
  static_assert(offsetof(::OrtApi, name) == (slot) * sizeof(void*), "slot of " #name); \
  static_assert(kAlike<decltype(::OrtApi::name), decltype(ours::SessionApi::name)>,    \
                "type of " #name);
ADDERSR_ORT_SESSION_ENTRIES(ADDERSR_CHECK)
#undef ADDERSR_CHECK

static_assert(offsetof(::OrtApiBase, GetApi) == offsetof(ours::OrtApiBase, GetApi));
static_assert(offsetof(::OrtApiBase, GetVersionString) ==
              offsetof(ours::OrtApiBase, GetVersionString));
static_assert(kAlike<decltype(::OrtApiBase::GetApi), decltype(ours::OrtApiBase::GetApi)>);
static_assert(
    kAlike<decltype(::OrtApiBase::GetVersionString), decltype(ours::OrtApiBase::GetVersionString)>);

// The custom op: every field of version 18, and nothing behind them.
#define ADDERSR_CHECK(name)                                                                 \
  static_assert(offsetof(::OrtCustomOp, name) == offsetof(ours::OrtCustomOp, name), #name); \
  static_assert(kAlike<decltype(::OrtCustomOp::name), decltype(ours::OrtCustomOp::name)>, #name);
ADDERSR_CHECK(version)
ADDERSR_CHECK(CreateKernel)
ADDERSR_CHECK(GetName)
ADDERSR_CHECK(GetExecutionProviderType)
ADDERSR_CHECK(GetInputType)
ADDERSR_CHECK(GetInputTypeCount)
ADDERSR_CHECK(GetOutputType)
ADDERSR_CHECK(GetOutputTypeCount)
ADDERSR_CHECK(KernelCompute)
ADDERSR_CHECK(KernelDestroy)
ADDERSR_CHECK(GetInputCharacteristic)
ADDERSR_CHECK(GetOutputCharacteristic)
ADDERSR_CHECK(GetInputMemoryType)
ADDERSR_CHECK(GetVariadicInputMinArity)
ADDERSR_CHECK(GetVariadicInputHomogeneity)
ADDERSR_CHECK(GetVariadicOutputMinArity)
ADDERSR_CHECK(GetVariadicOutputHomogeneity)
ADDERSR_CHECK(CreateKernelV2)
ADDERSR_CHECK(KernelComputeV2)
ADDERSR_CHECK(InferOutputShapeFn)
ADDERSR_CHECK(GetStartVersion)
ADDERSR_CHECK(GetEndVersion)
ADDERSR_CHECK(GetMayInplace)
ADDERSR_CHECK(ReleaseMayInplace)
ADDERSR_CHECK(GetAliasMap)
ADDERSR_CHECK(ReleaseAliasMap)
#undef ADDERSR_CHECK
static_assert(sizeof(ours::OrtCustomOp) ==
              offsetof(::OrtCustomOp, ReleaseAliasMap) + sizeof(void*));

#define ADDERSR_CHECK(name) \
  static_assert(static_cast<int>(::name) == static_cast<int>(ours::name), #name);
ADDERSR_CHECK(ORT_FAIL)
ADDERSR_CHECK(ORT_INVALID_ARGUMENT)
ADDERSR_CHECK(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
ADDERSR_CHECK(ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8)
ADDERSR_CHECK(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8)
ADDERSR_CHECK(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16)
ADDERSR_CHECK(ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32)
ADDERSR_CHECK(ORT_OP_ATTR_INT)
ADDERSR_CHECK(ORT_OP_ATTR_INTS)
ADDERSR_CHECK(ORT_OP_ATTR_STRING)
ADDERSR_CHECK(INPUT_OUTPUT_REQUIRED)
ADDERSR_CHECK(OrtMemTypeDefault)
ADDERSR_CHECK(ORT_LOGGING_LEVEL_ERROR)
ADDERSR_CHECK(ORT_LOGGING_LEVEL_FATAL)
ADDERSR_CHECK(OrtDeviceAllocator)
#undef ADDERSR_CHECK

#define ADDERSR_CHECK(name) static_assert(sizeof(::name) == sizeof(ours::name), #name);
ADDERSR_CHECK(OrtErrorCode)
ADDERSR_CHECK(ONNXTensorElementDataType)
ADDERSR_CHECK(OrtOpAttrType)
ADDERSR_CHECK(OrtCustomOpInputOutputCharacteristic)
ADDERSR_CHECK(OrtMemType)
ADDERSR_CHECK(OrtLoggingLevel)
ADDERSR_CHECK(OrtAllocatorType)
#undef ADDERSR_CHECK

static_assert(ours::kApiVersion <= ORT_API_VERSION);

}  // namespace
