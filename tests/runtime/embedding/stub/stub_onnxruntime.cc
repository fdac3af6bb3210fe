#include "stub_onnxruntime.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "custom_ops/onnxruntime/session_abi.h"

namespace {

std::atomic<int64_t> live{0}, fail_after{-1}, runs{0};
std::atomic<bool> failed{false};
std::atomic<int> environments{0}, quiet_environments{0};
std::mutex on_run_mutex;
void (*on_run)(void*) = nullptr;
void* on_run_data = nullptr;

void CallOnRun() {
  void (*function)(void*) = nullptr;
  void* data = nullptr;
  {
    const std::lock_guard<std::mutex> lock(on_run_mutex);
    function = on_run;
    data = on_run_data;
  }
  if (function != nullptr) function(data);
}

struct Counted {
  Counted() { ++live; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --live; }
};

}  // namespace

namespace addersr::ort {

struct OrtStatus : Counted {
  explicit OrtStatus(std::string text) : message(std::move(text)) {}
  std::string message;
};
struct OrtEnv {};
struct OrtMemoryInfo {};
struct OrtAllocator {};
struct OrtCustomOpDomain {};
struct OrtSessionOptions : Counted {
  std::vector<std::string> entries;
};
struct OrtRunOptions : Counted {
  std::atomic<bool> terminate{false};
};
struct OrtTensorTypeAndShapeInfo {
  ONNXTensorElementDataType type;
  std::array<int64_t, 4> sizes;
};
struct OrtTypeInfo : Counted {
  OrtTensorTypeAndShapeInfo tensor;
};
struct OrtSession : Counted {
  bool picture = false;
  int64_t channels = 1, scale = 1;

  std::array<int64_t, 4> Sizes(int64_t height, int64_t width) const {
    if (picture) return {1, height, width, channels};
    return {1, channels, height, width};
  }
  ONNXTensorElementDataType type() const {
    return picture ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  }
};
struct OrtValue : Counted {
  ONNXTensorElementDataType type;
  char* data;
  std::array<int64_t, 4> sizes;
  std::vector<char> owned;  // of a tensor that a run made
};

namespace {

// Null, or the failure that a test asked for.
OrtStatus* Result() {
  if (fail_after.load() < 0 || fail_after.fetch_sub(1) != 0) return nullptr;
  failed = true;
  return new OrtStatus("the test wants this call to fail");
}

OrtStatus* Failure(const char* sentence) { return new OrtStatus(sentence); }

const char* GetErrorMessage(const OrtStatus* status) { return status->message.c_str(); }
OrtErrorCode GetErrorCode(const OrtStatus*) { return ORT_FAIL; }
OrtStatus* CreateStatus(OrtErrorCode, const char* message) { return new OrtStatus(message); }

// Makes an object unless the call is to fail.
template <class Object>
OrtStatus* Make(Object** out) {
  if (OrtStatus* status = Result()) return status;
  *out = new Object();
  return nullptr;
}
template <class Object>
void Release(Object* object) {
  delete object;
}

OrtStatus* CreateEnv(OrtLoggingLevel, const char*, OrtEnv** out) {
  OrtStatus* const status = Make(out);
  if (status == nullptr) ++environments;
  return status;
}
OrtStatus* DisableTelemetryEvents(const OrtEnv*) {
  ++quiet_environments;
  return Result();
}
OrtStatus* CreateCpuMemoryInfo(OrtAllocatorType, OrtMemType, OrtMemoryInfo** out) {
  return Make(out);
}
OrtStatus* GetAllocatorWithDefaultOptions(OrtAllocator** out) {
  static OrtAllocator allocator;
  *out = &allocator;
  return Result();
}
OrtStatus* AllocatorFree(OrtAllocator*, void* memory) {
  std::free(memory);
  --live;
  return Result();
}

OrtStatus* CreateSessionOptions(OrtSessionOptions** out) { return Make(out); }
OrtStatus* SetOption(OrtSessionOptions*, int) { return Result(); }
OrtStatus* DisableMemPattern(OrtSessionOptions*) { return Result(); }
OrtStatus* AddSessionConfigEntry(OrtSessionOptions* options, const char* key, const char*) {
  options->entries.emplace_back(key);
  return Result();
}
OrtStatus* HasSessionConfigEntry(const OrtSessionOptions* options, const char* key, int* out) {
  const auto& all = options->entries;
  *out = std::find(all.begin(), all.end(), key) != all.end();
  return Result();
}
OrtStatus* CreateCustomOpDomain(const char*, OrtCustomOpDomain** out) { return Make(out); }
OrtStatus* CustomOpDomain_Add(OrtCustomOpDomain*, const OrtCustomOp*) { return Result(); }
OrtStatus* AddCustomOpDomain(OrtSessionOptions*, OrtCustomOpDomain*) { return Result(); }

// The text that follows a key of the metadata: a field 2 of at most 127 bytes.
std::string_view MetadataOf(std::string_view model, std::string_view key) {
  const size_t at = model.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = model.substr(at + key.size());
  if (rest.size() < 2 || rest[0] != 0x12) return {};
  return rest.substr(2, static_cast<unsigned char>(rest[1]));
}

OrtStatus* CreateSessionFromArray(const OrtEnv*, const void* model, size_t bytes,
                                  const OrtSessionOptions*, OrtSession** out) {
  const std::string_view text(static_cast<const char*>(model), bytes);
  const std::string_view scale = MetadataOf(text, "addersr.scale");
  if (scale.size() != 1 || scale[0] < '1' || scale[0] > '8') return Failure("a strange scale");
  OrtStatus* const status = Make(out);
  if (status != nullptr) return status;
  (*out)->scale = scale[0] - '0';
  (*out)->picture = MetadataOf(text, "addersr.io") == "uint8";
  const bool luma = MetadataOf(text, "addersr.colour") == "y";
  (*out)->channels = luma && !(*out)->picture ? 1 : 3;
  return nullptr;
}

OrtStatus* Count(const OrtSession*, size_t* out) {
  *out = 1;
  return Result();
}
OrtStatus* TypeInfo(const OrtSession* session, size_t, OrtTypeInfo** out) {
  OrtStatus* const status = Make(out);
  if (status == nullptr) (*out)->tensor = {session->type(), session->Sizes(-1, -1)};
  return status;
}
OrtStatus* CastTypeInfoToTensorInfo(const OrtTypeInfo* info,
                                    const OrtTensorTypeAndShapeInfo** out) {
  *out = &info->tensor;
  return Result();
}
OrtStatus* GetTensorElementType(const OrtTensorTypeAndShapeInfo* info,
                                ONNXTensorElementDataType* out) {
  *out = info->type;
  return Result();
}
OrtStatus* GetDimensionsCount(const OrtTensorTypeAndShapeInfo* info, size_t* out) {
  *out = info->sizes.size();
  return Result();
}
OrtStatus* GetDimensions(const OrtTensorTypeAndShapeInfo* info, int64_t* out, size_t count) {
  std::copy_n(info->sizes.begin(), std::min(count, info->sizes.size()), out);
  return Result();
}
OrtStatus* Name(const OrtSession*, size_t, OrtAllocator*, char** out) {
  if (OrtStatus* status = Result()) return status;
  *out = strdup("tensor");
  ++live;
  return nullptr;
}

OrtStatus* CreateRunOptions(OrtRunOptions** out) { return Make(out); }
OrtStatus* RunOptionsSetRunLogSeverityLevel(OrtRunOptions*, int) { return Result(); }
OrtStatus* RunOptionsSetTerminate(OrtRunOptions* options) {
  options->terminate = true;
  return Result();
}
OrtStatus* RunOptionsUnsetTerminate(OrtRunOptions* options) {
  options->terminate = false;
  return Result();
}

int64_t ElementBytes(ONNXTensorElementDataType type) {
  return type == ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 ? 1 : 4;
}

OrtStatus* CreateTensorWithDataAsOrtValue(const OrtMemoryInfo*, void* data, size_t bytes,
                                          const int64_t* sizes, size_t count,
                                          ONNXTensorElementDataType type, OrtValue** out) {
  if (count != 4) return Failure("a tensor without four axes");
  const int64_t needed = sizes[0] * sizes[1] * sizes[2] * sizes[3] * ElementBytes(type);
  if (static_cast<int64_t>(bytes) < needed) return Failure("a tensor larger than its memory");
  OrtStatus* const status = Make(out);
  if (status != nullptr) return status;
  (*out)->type = type;
  (*out)->data = static_cast<char*>(data);
  std::copy_n(sizes, 4, (*out)->sizes.begin());
  return nullptr;
}

// Repeats pixels of `bytes` bytes.
void Enlarge(const char* from, int64_t height, int64_t width, int64_t scale, int64_t bytes,
             char* to) {
  for (int64_t y = 0; y < height * scale; ++y) {
    const char* const row = from + y / scale * width * bytes;
    for (int64_t x = 0; x < width * scale; ++x, to += bytes) {
      std::memcpy(to, row + x / scale * bytes, static_cast<size_t>(bytes));
    }
  }
}

OrtValue* NewOutput(const OrtSession& session, int64_t height, int64_t width) {
  auto* const value = new OrtValue();
  value->type = session.type();
  const std::array<int64_t, 4> sizes = session.Sizes(height, width);
  value->sizes = sizes;
  const int64_t values = sizes[0] * sizes[1] * sizes[2] * sizes[3];
  value->owned.resize(static_cast<size_t>(values * ElementBytes(value->type)));
  value->data = value->owned.data();
  return value;
}

OrtStatus* Run(OrtSession* session, const OrtRunOptions* options, const char* const*,
               const OrtValue* const* inputs, size_t input_count, const char* const*,
               size_t output_count, OrtValue** outputs) {
  ++runs;
  if (input_count != 1 || output_count != 1) return Failure("not one input and one output");
  const OrtValue& input = *inputs[0];
  const int first = session->picture ? 1 : 2;
  const int64_t height = input.sizes[first], width = input.sizes[first + 1];
  const int64_t scale = session->scale;
  const auto fits = [&](const OrtValue& value, int64_t by) {
    const std::array<int64_t, 4> sizes = session->Sizes(height * by, width * by);
    return value.type == session->type() && value.sizes == sizes;
  };
  if (!fits(input, 1) || (outputs[0] != nullptr && !fits(*outputs[0], scale))) {
    return Failure("tensors of wrong types or sizes");
  }
  CallOnRun();
  if (options->terminate) return Failure("the run was terminated");
  if (OrtStatus* status = Result()) return status;
  if (outputs[0] == nullptr) outputs[0] = NewOutput(*session, height * scale, width * scale);
  const int64_t planes = session->picture ? 1 : session->channels;
  const int64_t bytes = session->picture ? session->channels : 4;
  for (int64_t plane = 0; plane < planes; ++plane) {
    Enlarge(input.data + plane * height * width * bytes, height, width, scale, bytes,
            outputs[0]->data + plane * height * width * scale * scale * bytes);
  }
  return nullptr;
}

OrtStatus* GetTensorTypeAndShape(const OrtValue* value, OrtTensorTypeAndShapeInfo** out) {
  if (OrtStatus* status = Result()) return status;
  *out = new OrtTensorTypeAndShapeInfo{value->type, value->sizes};
  ++live;
  return nullptr;
}
void ReleaseTensorTypeAndShapeInfo(OrtTensorTypeAndShapeInfo* info) {
  if (info != nullptr) --live;
  delete info;
}

[[noreturn]] void Unexpected() {
  std::fputs("The stub of onnxruntime has no such function.\n", stderr);
  std::abort();
}

// The table, and what checks that each function has the type of its entry.
class Table {
 public:
  Table() {
    std::fill(std::begin(slots_), std::end(slots_), reinterpret_cast<void*>(&Unexpected));
#define ADDERSR_STUB(api, name, function) Put(k##api##name, &ort::api::name, &function)
    ADDERSR_STUB(SessionApi, GetErrorMessage, GetErrorMessage);
    ADDERSR_STUB(SessionApi, CreateEnv, CreateEnv);
    ADDERSR_STUB(SessionApi, DisableTelemetryEvents, DisableTelemetryEvents);
    ADDERSR_STUB(SessionApi, CreateSessionFromArray, CreateSessionFromArray);
    ADDERSR_STUB(SessionApi, Run, Run);
    ADDERSR_STUB(SessionApi, CreateSessionOptions, CreateSessionOptions);
    ADDERSR_STUB(SessionApi, DisableMemPattern, DisableMemPattern);
    ADDERSR_STUB(SessionApi, SetSessionLogSeverityLevel, SetOption);
    ADDERSR_STUB(SessionApi, SetIntraOpNumThreads, SetOption);
    ADDERSR_STUB(SessionApi, SetInterOpNumThreads, SetOption);
    ADDERSR_STUB(SessionApi, SessionGetInputCount, Count);
    ADDERSR_STUB(SessionApi, SessionGetOutputCount, Count);
    ADDERSR_STUB(SessionApi, SessionGetInputTypeInfo, TypeInfo);
    ADDERSR_STUB(SessionApi, SessionGetOutputTypeInfo, TypeInfo);
    ADDERSR_STUB(SessionApi, SessionGetInputName, Name);
    ADDERSR_STUB(SessionApi, SessionGetOutputName, Name);
    ADDERSR_STUB(SessionApi, CreateRunOptions, CreateRunOptions);
    ADDERSR_STUB(SessionApi, RunOptionsSetRunLogSeverityLevel, RunOptionsSetRunLogSeverityLevel);
    ADDERSR_STUB(SessionApi, RunOptionsSetTerminate, RunOptionsSetTerminate);
    ADDERSR_STUB(SessionApi, RunOptionsUnsetTerminate, RunOptionsUnsetTerminate);
    ADDERSR_STUB(SessionApi, CreateTensorWithDataAsOrtValue, CreateTensorWithDataAsOrtValue);
    ADDERSR_STUB(SessionApi, CastTypeInfoToTensorInfo, CastTypeInfoToTensorInfo);
    ADDERSR_STUB(SessionApi, GetTensorElementType, GetTensorElementType);
    ADDERSR_STUB(SessionApi, GetDimensionsCount, GetDimensionsCount);
    ADDERSR_STUB(SessionApi, GetDimensions, GetDimensions);
    ADDERSR_STUB(SessionApi, GetTensorTypeAndShape, GetTensorTypeAndShape);
    ADDERSR_STUB(SessionApi, ReleaseTensorTypeAndShapeInfo, ReleaseTensorTypeAndShapeInfo);
    ADDERSR_STUB(SessionApi, CreateCpuMemoryInfo, CreateCpuMemoryInfo);
    ADDERSR_STUB(SessionApi, AllocatorFree, AllocatorFree);
    ADDERSR_STUB(SessionApi, GetAllocatorWithDefaultOptions, GetAllocatorWithDefaultOptions);
    ADDERSR_STUB(SessionApi, ReleaseEnv, Release<OrtEnv>);
    ADDERSR_STUB(SessionApi, ReleaseStatus, Release<OrtStatus>);
    ADDERSR_STUB(SessionApi, ReleaseMemoryInfo, Release<OrtMemoryInfo>);
    ADDERSR_STUB(SessionApi, ReleaseSession, Release<OrtSession>);
    ADDERSR_STUB(SessionApi, ReleaseValue, Release<OrtValue>);
    ADDERSR_STUB(SessionApi, ReleaseRunOptions, Release<OrtRunOptions>);
    ADDERSR_STUB(SessionApi, ReleaseTypeInfo, Release<OrtTypeInfo>);
    ADDERSR_STUB(SessionApi, ReleaseSessionOptions, Release<OrtSessionOptions>);
    ADDERSR_STUB(SessionApi, AddSessionConfigEntry, AddSessionConfigEntry);
    ADDERSR_STUB(Api, CreateStatus, CreateStatus);
    ADDERSR_STUB(Api, GetErrorCode, GetErrorCode);
    ADDERSR_STUB(Api, HasSessionConfigEntry, HasSessionConfigEntry);
    ADDERSR_STUB(Api, CreateCustomOpDomain, CreateCustomOpDomain);
    ADDERSR_STUB(Api, CustomOpDomain_Add, CustomOpDomain_Add);
    ADDERSR_STUB(Api, AddCustomOpDomain, AddCustomOpDomain);
#undef ADDERSR_STUB
  }

  const OrtApi* get() const { return reinterpret_cast<const OrtApi*>(slots_); }

 private:
#define ADDERSR_ORT_ENTRY(slot, since, name, ...) kSessionApi##name = (slot),
  enum { ADDERSR_ORT_SESSION_ENTRIES(ADDERSR_ORT_ENTRY) };
#undef ADDERSR_ORT_ENTRY
#define ADDERSR_ORT_ENTRY(slot, since, name, ...) kApi##name = (slot),
  enum { ADDERSR_ORT_ENTRIES(ADDERSR_ORT_ENTRY) };
#undef ADDERSR_ORT_ENTRY

  template <class Owner, class Function>
  void Put(int slot, Function* Owner::*, Function* function) {
    slots_[slot] = reinterpret_cast<void*>(function);
  }

  void* slots_[512];
};

const OrtApi* GetApi(uint32_t version) {
  static const Table table;
  return version <= kApiVersion ? table.get() : nullptr;
}
const char* GetVersionString() { return "1.18.0-stub"; }

}  // namespace
}  // namespace addersr::ort

// The library has hidden symbols but for these.
#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED const addersr::ort::OrtApiBase* OrtGetApiBase() {
  static const addersr::ort::OrtApiBase base = {&addersr::ort::GetApi,
                                                &addersr::ort::GetVersionString};
  return &base;
}
EXPORTED int64_t StubLiveObjects() { return live; }
EXPORTED void StubFailAfter(int64_t calls) {
  failed = false;
  fail_after = calls;
}
EXPORTED bool StubFailed() { return failed; }
EXPORTED void StubSetOnRun(void (*function)(void*), void* data) {
  const std::lock_guard<std::mutex> lock(on_run_mutex);
  on_run = function;
  on_run_data = data;
}
EXPORTED int64_t StubRuns() { return runs; }
EXPORTED bool StubTelemetryIsOff() { return environments == quiet_environments; }
