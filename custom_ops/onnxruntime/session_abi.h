// What a program needs of onnxruntime's C ABI to run a model, beside what abi.h declares for the op
// library: the embedding library and the tests' model runner are such programs.
// tests/custom_ops/abi_check.cc compares it with the official header.
#pragma once

#include "custom_ops/onnxruntime/abi.h"

namespace addersr::ort {

struct OrtEnv;
struct OrtSession;
struct OrtRunOptions;
struct OrtMemoryInfo;
struct OrtTypeInfo;
struct OrtAllocator;

enum OrtLoggingLevel { ORT_LOGGING_LEVEL_ERROR = 3, ORT_LOGGING_LEVEL_FATAL = 4 };
enum OrtAllocatorType { OrtDeviceAllocator = 0 };

// X(slot, first version, name, result, arguments), as in abi.h.
// clang-format off
#define ADDERSR_ORT_SESSION_ENTRIES(X)                                                             \
  X(2, 1, GetErrorMessage, const char*, const OrtStatus* status)                                   \
  X(3, 1, CreateEnv, OrtStatus*, OrtLoggingLevel level, const char* name, OrtEnv** out)            \
  X(6, 1, DisableTelemetryEvents, OrtStatus*, const OrtEnv* env)                                   \
  X(7, 1, CreateSession, OrtStatus*, const OrtEnv* env, const char* path,                          \
    const OrtSessionOptions* options, OrtSession** out)                                            \
  X(8, 1, CreateSessionFromArray, OrtStatus*, const OrtEnv* env, const void* model, size_t bytes,  \
    const OrtSessionOptions* options, OrtSession** out)                                            \
  X(9, 1, Run, OrtStatus*, OrtSession* session, const OrtRunOptions* options,                      \
    const char* const* input_names, const OrtValue* const* inputs, size_t input_count,             \
    const char* const* output_names, size_t output_count, OrtValue** outputs)                      \
  X(10, 1, CreateSessionOptions, OrtStatus*, OrtSessionOptions** out)                              \
  X(17, 1, DisableMemPattern, OrtStatus*, OrtSessionOptions* options)                              \
  X(22, 1, SetSessionLogSeverityLevel, OrtStatus*, OrtSessionOptions* options, int level)          \
  X(24, 1, SetIntraOpNumThreads, OrtStatus*, OrtSessionOptions* options, int threads)              \
  X(25, 1, SetInterOpNumThreads, OrtStatus*, OrtSessionOptions* options, int threads)              \
  X(30, 1, SessionGetInputCount, OrtStatus*, const OrtSession* session, size_t* out)               \
  X(31, 1, SessionGetOutputCount, OrtStatus*, const OrtSession* session, size_t* out)              \
  X(33, 1, SessionGetInputTypeInfo, OrtStatus*, const OrtSession* session, size_t index,           \
    OrtTypeInfo** out)                                                                             \
  X(34, 1, SessionGetOutputTypeInfo, OrtStatus*, const OrtSession* session, size_t index,          \
    OrtTypeInfo** out)                                                                             \
  X(36, 1, SessionGetInputName, OrtStatus*, const OrtSession* session, size_t index,               \
    OrtAllocator* allocator, char** out)                                                           \
  X(37, 1, SessionGetOutputName, OrtStatus*, const OrtSession* session, size_t index,              \
    OrtAllocator* allocator, char** out)                                                           \
  X(39, 1, CreateRunOptions, OrtStatus*, OrtRunOptions** out)                                      \
  X(41, 1, RunOptionsSetRunLogSeverityLevel, OrtStatus*, OrtRunOptions* options, int level)        \
  X(46, 1, RunOptionsSetTerminate, OrtStatus*, OrtRunOptions* options)                             \
  X(47, 1, RunOptionsUnsetTerminate, OrtStatus*, OrtRunOptions* options)                           \
  X(49, 1, CreateTensorWithDataAsOrtValue, OrtStatus*, const OrtMemoryInfo* info, void* data,      \
    size_t bytes, const int64_t* sizes, size_t count, ONNXTensorElementDataType type,              \
    OrtValue** out)                                                                                \
  X(55, 1, CastTypeInfoToTensorInfo, OrtStatus*, const OrtTypeInfo* info,                          \
    const OrtTensorTypeAndShapeInfo** out)                                                         \
  X(60, 1, GetTensorElementType, OrtStatus*, const OrtTensorTypeAndShapeInfo* info,                \
    ONNXTensorElementDataType* out)                                                                \
  X(61, 1, GetDimensionsCount, OrtStatus*, const OrtTensorTypeAndShapeInfo* info, size_t* out)     \
  X(62, 1, GetDimensions, OrtStatus*, const OrtTensorTypeAndShapeInfo* info, int64_t* out,         \
    size_t count)                                                                                  \
  X(65, 1, GetTensorTypeAndShape, OrtStatus*, const OrtValue* value,                               \
    OrtTensorTypeAndShapeInfo** out)                                                               \
  X(69, 1, CreateCpuMemoryInfo, OrtStatus*, OrtAllocatorType allocator, OrtMemType memory,         \
    OrtMemoryInfo** out)                                                                           \
  X(76, 1, AllocatorFree, OrtStatus*, OrtAllocator* allocator, void* memory)                       \
  X(78, 1, GetAllocatorWithDefaultOptions, OrtStatus*, OrtAllocator** out)                         \
  X(92, 1, ReleaseEnv, void, OrtEnv* env)                                                          \
  X(93, 1, ReleaseStatus, void, OrtStatus* status)                                                 \
  X(94, 1, ReleaseMemoryInfo, void, OrtMemoryInfo* info)                                           \
  X(95, 1, ReleaseSession, void, OrtSession* session)                                              \
  X(96, 1, ReleaseValue, void, OrtValue* value)                                                    \
  X(97, 1, ReleaseRunOptions, void, OrtRunOptions* options)                                        \
  X(98, 1, ReleaseTypeInfo, void, OrtTypeInfo* info)                                               \
  X(99, 1, ReleaseTensorTypeAndShapeInfo, void, OrtTensorTypeAndShapeInfo* info)                   \
  X(100, 1, ReleaseSessionOptions, void, OrtSessionOptions* options)                               \
  X(130, 5, AddSessionConfigEntry, OrtStatus*, OrtSessionOptions* options, const char* key,        \
    const char* value)                                                                             \
  X(228, 14, RegisterCustomOpsLibrary_V2, OrtStatus*, OrtSessionOptions* options, const char* path)
// clang-format on

struct SessionApi {
#define ADDERSR_ORT_ENTRY(slot, since, name, result, ...)                        \
  static_assert((since) <= kApiVersion, #name " is newer than the API version"); \
  result (*name)(__VA_ARGS__);
  ADDERSR_ORT_SESSION_ENTRIES(ADDERSR_ORT_ENTRY)
#undef ADDERSR_ORT_ENTRY
};

inline SessionApi BindSession(const OrtApi* table) {
  void* const* slots = reinterpret_cast<void* const*>(table);
  SessionApi api;
#define ADDERSR_ORT_ENTRY(slot, since, name, result, ...) \
  api.name = reinterpret_cast<result (*)(__VA_ARGS__)>(slots[slot]);
  ADDERSR_ORT_SESSION_ENTRIES(ADDERSR_ORT_ENTRY)
#undef ADDERSR_ORT_ENTRY
  return api;
}

}  // namespace addersr::ort
