#include "runtime/embedding/onnxruntime.h"

#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/embedding/runtime_search.h"

#ifdef ADDERSR_LINKED_ONNXRUNTIME
extern "C" const addersr::ort::OrtApiBase* OrtGetApiBase() noexcept;
#endif

namespace addersr::embedding {
namespace {

using GetApiBase = const ort::OrtApiBase* (*)();

constexpr char kAdvice[] =
    "Install it (pip install onnxruntime), put libonnxruntime.so beside this library, or name the "
    "file in runtime_library or in the environment variable ADDERSR_ONNXRUNTIME.";

// onnxruntime looks at it when it is loaded and when its environment is made.
void DisableTelemetry() { setenv("ORT_DISABLE_TELEMETRY", "1", /*overwrite=*/0); }

const Runtime* Make(const ort::OrtApiBase* base) {
  auto runtime = std::make_unique<Runtime>();
  runtime->base = base;
  runtime->version = base->GetVersionString();
  const ort::OrtApi* table = base->GetApi(ort::kApiVersion);
  if (table == nullptr) {
    throw Error(ADDERSR_NO_RUNTIME, "it is version " + runtime->version);
  }
  runtime->api = ort::BindSession(table);
  const auto check = [&](ort::OrtStatus* status) {
    Check(*runtime, status, ADDERSR_NO_RUNTIME, "it does not start: ");
  };
  // What matters comes as a status too; a log would only double it.
  check(runtime->api.CreateEnv(ort::ORT_LOGGING_LEVEL_FATAL, "addersr", &runtime->env));
  check(runtime->api.DisableTelemetryEvents(runtime->env));
  check(runtime->api.CreateCpuMemoryInfo(ort::OrtDeviceAllocator, ort::OrtMemTypeDefault,
                                         &runtime->memory));
  check(runtime->api.GetAllocatorWithDefaultOptions(&runtime->allocator));
  // Immortal: onnxruntime has threads and objects that outlive static destructors.
  return runtime.release();
}

// All that were loaded. The caller holds the lock.
const Runtime& Known(const ort::OrtApiBase* base) {
  static auto& all = *new std::vector<const Runtime*>;
  for (const Runtime* one : all) {
    if (one->base == base) return *one;
  }
  all.reserve(all.size() + 1);
  all.push_back(Make(base));
  return *all.back();
}

#ifndef ADDERSR_LINKED_ONNXRUNTIME

// A library that was loaded stays: unloading onnxruntime is not safe, and the loader counts.
const Runtime& Load(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    throw Error(ADDERSR_NO_RUNTIME, reason == nullptr ? "it cannot be loaded" : reason);
  }
  const auto get = reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
  const ort::OrtApiBase* base = get == nullptr ? nullptr : get();
  if (base == nullptr) throw Error(ADDERSR_NO_RUNTIME, "it is no onnxruntime");
  return Known(base);
}

const Runtime& LoadNamed(const std::string& path) {
  try {
    return Load(path);
  } catch (const Error& error) {
    throw Error(ADDERSR_NO_RUNTIME, "Expected onnxruntime 1.18 or newer in " + path + ", but " +
                                        error.what() + ". " + kAdvice);
  }
}

const Runtime& LoadFirst() {
  std::string tried;
  for (const std::string& path : RuntimeCandidates()) {
    try {
      return Load(path);
    } catch (const Error& error) {
      tried += (tried.empty() ? "" : "; ") + path + ": " + error.what();
    }
  }
  throw Error(ADDERSR_NO_RUNTIME, std::string("Found no onnxruntime of version 1.18 or newer. ") +
                                      kAdvice + " Tried " + tried + ".");
}

#endif

}  // namespace

std::string TakeSentence(const Runtime& runtime, ort::OrtStatus* status) {
  std::string words = runtime.api.GetErrorMessage(status);
  runtime.api.ReleaseStatus(status);
  const size_t first = words.find_first_not_of(" \n");
  if (first == std::string::npos) return "onnxruntime gives no reason.";
  const size_t end = words.find('\n', first);
  return words.substr(first, end == std::string::npos ? end : end - first);
}

const Runtime& FindRuntime(const char* path) {
  static auto& mutex = *new std::mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  DisableTelemetry();
#ifdef ADDERSR_LINKED_ONNXRUNTIME
  static_cast<void>(path);
  try {
    return Known(OrtGetApiBase());
  } catch (const Error& error) {
    throw Error(ADDERSR_NO_RUNTIME,
                std::string("Expected onnxruntime 1.18 or newer, which this library is linked to, "
                            "but ") +
                    error.what() + ".");
  }
#else
  if (path != nullptr && *path != '\0') return LoadNamed(path);
  const char* from_environment = std::getenv("ADDERSR_ONNXRUNTIME");
  if (from_environment != nullptr && *from_environment != '\0') return LoadNamed(from_environment);
  // What was found once is what is found again: a search would only load it from elsewhere.
  static const Runtime* found = nullptr;
  if (found == nullptr) found = &LoadFirst();
  return *found;
#endif
}

}  // namespace addersr::embedding
