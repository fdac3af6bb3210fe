// The onnxruntime that engines run on: one per file, loaded once, kept for ever.
#pragma once

#include <string>
#include <string_view>

#include "custom_ops/onnxruntime/session_abi.h"
#include "runtime/embedding/error.h"

namespace addersr::embedding {

struct Runtime {
  const ort::OrtApiBase* base;
  ort::SessionApi api;
  ort::OrtEnv* env;
  ort::OrtMemoryInfo* memory;    // the CPU's
  ort::OrtAllocator* allocator;  // of the strings that onnxruntime hands out
  std::string version;           // "1.32.0"
};

// The runtime in the file `path`; null or "" means the one that is linked in, or else the first
// that is found where runtime_search.h says. Throws Error (ADDERSR_NO_RUNTIME).
const Runtime& FindRuntime(const char* path);

// The first line of what a status says; frees it.
std::string TakeSentence(const Runtime& runtime, ort::OrtStatus* status);

// Frees `status` and throws an Error with `before` and its first line, unless it means success.
inline void Check(const Runtime& runtime, ort::OrtStatus* status, addersr_status code,
                  std::string_view before) {
  if (status != nullptr) throw Error(code, std::string(before) + TakeSentence(runtime, status));
}

}  // namespace addersr::embedding
