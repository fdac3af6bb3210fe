// What a program needs of onnxruntime's C ABI to run a model, beside what custom_ops/onnxruntime/
// abi.h declares for the op library. tests/custom_ops/abi_check.cc compares it with the official
// header.
#pragma once

#include "custom_ops/onnxruntime/abi.h"

namespace addersr::ort {

struct OrtEnv;
struct OrtSession;
struct OrtRunOptions;
struct OrtMemoryInfo;

enum OrtLoggingLevel { ORT_LOGGING_LEVEL_ERROR = 3 };
enum OrtAllocatorType { OrtDeviceAllocator = 0 };

// X(slot, first version, name, result, arguments), as in abi.h.
// clang-format off
#define ADDERSR_ORT_SESSION_ENTRIES(X)                                                             \
  X(3, 1, CreateEnv, OrtStatus*, OrtLoggingLevel level, const char* name, OrtEnv** out)            \
  X(6, 1, DisableTelemetryEvents, OrtStatus*, const OrtEnv* env)                                   \
  X(7, 1, CreateSession, OrtStatus*, const OrtEnv* env, const char* path,                          \
    const OrtSessionOptions* options, OrtSession** out)                                            \
  X(9, 1, Run, OrtStatus*, OrtSession* session, const OrtRunOptions* options,                      \
    const char* const* input_names, const OrtValue* const* inputs, size_t input_count,             \
    const char* const* output_names, size_t output_count, OrtValue** outputs)                      \
  X(10, 1, CreateSessionOptions, OrtStatus*, OrtSessionOptions** out)                              \
  X(24, 1, SetIntraOpNumThreads, OrtStatus*, OrtSessionOptions* options, int threads)              \
  X(49, 1, CreateTensorWithDataAsOrtValue, OrtStatus*, const OrtMemoryInfo* info, void* data,      \
    size_t bytes, const int64_t* sizes, size_t count, ONNXTensorElementDataType type,              \
    OrtValue** out)                                                                                \
  X(60, 1, GetTensorElementType, OrtStatus*, const OrtTensorTypeAndShapeInfo* info,                \
    ONNXTensorElementDataType* out)                                                                \
  X(69, 1, CreateCpuMemoryInfo, OrtStatus*, OrtAllocatorType allocator, OrtMemType memory,         \
    OrtMemoryInfo** out)                                                                           \
  X(92, 1, ReleaseEnv, void, OrtEnv* env)                                                          \
  X(94, 1, ReleaseMemoryInfo, void, OrtMemoryInfo* info)                                           \
  X(95, 1, ReleaseSession, void, OrtSession* session)                                              \
  X(96, 1, ReleaseValue, void, OrtValue* value)                                                    \
  X(100, 1, ReleaseSessionOptions, void, OrtSessionOptions* options)                               \
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
