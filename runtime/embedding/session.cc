#include "runtime/embedding/session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "custom_ops/onnxruntime/register.h"
#include "custom_ops/onnxruntime/status.h"

namespace addersr::embedding {
namespace {

// A frame cut into tiles has few shapes; this is for an application of many sizes.
constexpr size_t kMostTensors = 1024;

bool IsPicture(NetworkKind kind) { return kind == NetworkKind::kPicture; }
int64_t Channels(NetworkKind kind) { return kind == NetworkKind::kLuma ? 1 : 3; }
ort::ONNXTensorElementDataType ElementType(NetworkKind kind) {
  return IsPicture(kind) ? ort::ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8
                         : ort::ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}
size_t ElementBytes(NetworkKind kind) { return IsPicture(kind) ? 1 : sizeof(float); }

std::array<int64_t, 4> Sizes(NetworkKind kind, int64_t width, int64_t height) {
  if (IsPicture(kind)) return {1, height, width, Channels(kind)};
  return {1, Channels(kind), height, width};
}

// What onnxruntime made, freed when its scope ends.
template <typename Object>
using Owned = std::unique_ptr<Object, void (*)(Object*)>;

}  // namespace

size_t InputBytes(NetworkKind kind, int32_t width, int32_t height) {
  return static_cast<size_t>(width) * static_cast<size_t>(height) *
         static_cast<size_t>(Channels(kind)) * ElementBytes(kind);
}

size_t OutputBytes(NetworkKind kind, int scale, int32_t width, int32_t height) {
  return InputBytes(kind, width, height) * static_cast<size_t>(scale) * static_cast<size_t>(scale);
}

Session::Session(const Runtime& runtime, const void* model, size_t bytes, const ModelInfo& info,
                 int threads, const std::string& name)
    : runtime_(runtime),
      kind_(info.network),
      scale_(info.scale),
      session_(nullptr, runtime.api.ReleaseSession) {
  const ort::SessionApi& api = runtime.api;
  const auto check = [&](ort::OrtStatus* status) {
    Check(runtime, status, ADDERSR_FAILED, "onnxruntime makes no session: ");
  };
  ort::OrtSessionOptions* created = nullptr;
  check(api.CreateSessionOptions(&created));
  const Owned<ort::OrtSessionOptions> options(created, api.ReleaseSessionOptions);
  check(api.SetIntraOpNumThreads(options.get(), threads));
  check(api.SetInterOpNumThreads(options.get(), 1));
  check(api.SetSessionLogSeverityLevel(options.get(), ort::ORT_LOGGING_LEVEL_FATAL));
  // A pattern is a plan of one block for all tensors, made beside those that the first run left in
  // the arena: twice the memory, and one more plan for every size that comes.
  check(api.DisableMemPattern(options.get()));
  // Between runs the cores belong to our own threads and to the application.
  check(api.AddSessionConfigEntry(options.get(), "session.force_spinning_stop", "1"));
  check(ort::RegisterOps(options.get(), runtime.base));
  ort::OrtSession* session = nullptr;
  Check(runtime, api.CreateSessionFromArray(runtime.env, model, bytes, options.get(), &session),
        ADDERSR_BAD_MODEL, name + " cannot be loaded: ");
  session_.reset(session);
  CheckTensors(name);
  input_ = ValueName(true, name);
  output_ = ValueName(false, name);
}

// One input and one output of the kind that the metadata states, of free height and width.
void Session::CheckTensors(const std::string& name) {
  const ort::SessionApi& api = runtime_.api;
  const auto check = [&](ort::OrtStatus* status) {
    Check(runtime_, status, ADDERSR_BAD_MODEL, name + " cannot be used: ");
  };
  size_t inputs = 0, outputs = 0;
  check(api.SessionGetInputCount(session_.get(), &inputs));
  check(api.SessionGetOutputCount(session_.get(), &outputs));
  bool fits = inputs == 1 && outputs == 1;
  if (fits) {
    ort::OrtTypeInfo *input = nullptr, *output = nullptr;
    check(api.SessionGetInputTypeInfo(session_.get(), 0, &input));
    const Owned<ort::OrtTypeInfo> of_input(input, api.ReleaseTypeInfo);
    check(api.SessionGetOutputTypeInfo(session_.get(), 0, &output));
    const Owned<ort::OrtTypeInfo> of_output(output, api.ReleaseTypeInfo);
    fits = Fits(input) && Fits(output);
  }
  if (!fits) {
    const std::string channels = std::to_string(Channels(kind_));
    throw Error(
        ADDERSR_BAD_MODEL,
        "Expected " + name + " to have one input and one output of " +
            (IsPicture(kind_) ? "uint8 [N, H, W, 3]" : "float32 [N, " + channels + ", H, W]") +
            " of free height and width. Export it again with 'addersr export', without "
            "--size.");
  }
}

bool Session::Fits(ort::OrtTypeInfo* info) const {
  const ort::SessionApi& api = runtime_.api;
  const auto succeeded = [&](ort::OrtStatus* status) {
    if (status == nullptr) return true;
    api.ReleaseStatus(status);
    return false;
  };
  const ort::OrtTensorTypeAndShapeInfo* tensor = nullptr;  // null: no tensor
  ort::ONNXTensorElementDataType type{};
  size_t axes = 0;
  if (!succeeded(api.CastTypeInfoToTensorInfo(info, &tensor)) || tensor == nullptr ||
      !succeeded(api.GetTensorElementType(tensor, &type)) || type != ElementType(kind_) ||
      !succeeded(api.GetDimensionsCount(tensor, &axes)) || axes != 4) {
    return false;
  }
  std::array<int64_t, 4> sizes{};
  if (!succeeded(api.GetDimensions(tensor, sizes.data(), sizes.size()))) return false;
  // Whatever is not known beforehand is -1.
  const std::array<int64_t, 4> free = Sizes(kind_, -1, -1);
  const size_t channel_axis = IsPicture(kind_) ? 3 : 1;
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    const bool any = sizes[axis] < 0;
    if (axis == channel_axis || axis == 0 ? !any && sizes[axis] != free[axis] : !any) return false;
  }
  return true;
}

std::string Session::ValueName(bool input, const std::string& name) const {
  const ort::SessionApi& api = runtime_.api;
  char* text = nullptr;
  Check(runtime_,
        input ? api.SessionGetInputName(session_.get(), 0, runtime_.allocator, &text)
              : api.SessionGetOutputName(session_.get(), 0, runtime_.allocator, &text),
        ADDERSR_BAD_MODEL, name + " cannot be used: ");
  const auto free_text = [&](char* one) {
    if (ort::OrtStatus* status = api.AllocatorFree(runtime_.allocator, one)) {
      api.ReleaseStatus(status);
    }
  };
  const std::unique_ptr<char, decltype(free_text)> owned(text, free_text);
  return text;
}

Workspace::Workspace(const Session& session) : session_(session) {
  const ort::SessionApi& api = session_.runtime_.api;
  ort::OrtRunOptions* options = nullptr;
  Check(session_.runtime_, api.CreateRunOptions(&options), ADDERSR_FAILED,
        "onnxruntime makes no run: ");
  options_ = options;
  if (ort::OrtStatus* status =
          api.RunOptionsSetRunLogSeverityLevel(options_, ort::ORT_LOGGING_LEVEL_FATAL)) {
    api.ReleaseStatus(status);  // then it talks more than it should
  }
}

Workspace::~Workspace() {
  ReleaseTensors();
  session_.runtime_.api.ReleaseRunOptions(options_);
}

void Workspace::ReleaseTensors() {
  for (const auto& [size, tensors] : tensors_) {
    session_.runtime_.api.ReleaseValue(tensors.input);
    session_.runtime_.api.ReleaseValue(tensors.output);
  }
  tensors_.clear();
}

void Workspace::Reserve(int32_t width, int32_t height, size_t scratch_bytes) {
  scratch_.Reserve(scratch_bytes);
  // Views of memory that moves must go first.
  const auto reserve = [&](AlignedBuffer* buffer, size_t bytes) {
    if (bytes <= buffer->size()) return;
    ReleaseTensors();
    buffer->Reserve(bytes);
  };
  reserve(&input_, InputBytes(session_.kind_, width, height));
  reserve(&output_, OutputBytes(session_.kind_, session_.scale_, width, height));
}

const Workspace::Tensors& Workspace::TensorsFor(int32_t width, int32_t height) {
  const auto found = tensors_.find({width, height});
  if (found != tensors_.end()) return found->second;
  if (tensors_.size() >= kMostTensors) ReleaseTensors();
  const auto release = session_.runtime_.api.ReleaseValue;
  Owned<ort::OrtValue> input(NewTensor(input_, 1, width, height), release);
  Owned<ort::OrtValue> output(NewTensor(output_, session_.scale_, width, height), release);
  Tensors& tensors = tensors_[{width, height}];
  tensors = {input.release(), output.release()};
  return tensors;
}

ort::OrtValue* Workspace::NewTensor(const AlignedBuffer& buffer, int scale, int32_t width,
                                    int32_t height) {
  const auto sizes = Sizes(session_.kind_, int64_t{width} * scale, int64_t{height} * scale);
  ort::OrtValue* value = nullptr;
  Check(session_.runtime_,
        session_.runtime_.api.CreateTensorWithDataAsOrtValue(
            session_.runtime_.memory, buffer.data(),
            OutputBytes(session_.kind_, scale, width, height), sizes.data(), sizes.size(),
            ElementType(session_.kind_), &value),
        ADDERSR_FAILED, "onnxruntime makes no tensor: ");
  return value;
}

void Workspace::Begin() {
  const ort::SessionApi& api = session_.runtime_.api;
  cancelled_.store(false, std::memory_order_relaxed);
  Check(session_.runtime_, api.RunOptionsUnsetTerminate(options_), ADDERSR_FAILED,
        "onnxruntime starts no run: ");
}

void Workspace::Cancel() {
  const ort::SessionApi& api = session_.runtime_.api;
  cancelled_.store(true, std::memory_order_relaxed);
  if (ort::OrtStatus* status = api.RunOptionsSetTerminate(options_)) {
    api.ReleaseStatus(status);  // then the call ends after its tile
  }
}

void Workspace::CheckCancelled() const {
  if (cancelled()) throw Error(ADDERSR_CANCELLED, "The call was cancelled by addersr_cancel.");
}

void Workspace::Run(int32_t width, int32_t height) {
  Tensors tensors = TensorsFor(width, height);
  RunOn(width, height, tensors.input, &tensors.output);
}

void Workspace::Probe(int32_t width, int32_t height) {
  std::memset(input(), 0, InputBytes(session_.kind_, width, height));
  const Runtime& runtime = session_.runtime_;
  const ort::SessionApi& api = runtime.api;
  ort::OrtValue* made = nullptr;
  RunOn(width, height, TensorsFor(width, height).input, &made);
  const Owned<ort::OrtValue> output(made, api.ReleaseValue);
  const auto check = [&](ort::OrtStatus* status) {
    Check(runtime, status, ADDERSR_BAD_MODEL, "The output of the model is no tensor: ");
  };
  ort::OrtTensorTypeAndShapeInfo* owned = nullptr;
  check(api.GetTensorTypeAndShape(output.get(), &owned));
  const Owned<ort::OrtTensorTypeAndShapeInfo> info(owned, api.ReleaseTensorTypeAndShapeInfo);
  ort::ONNXTensorElementDataType type{};
  check(api.GetTensorElementType(info.get(), &type));
  size_t axes = 0;
  check(api.GetDimensionsCount(info.get(), &axes));
  std::vector<int64_t> sizes(axes);
  check(api.GetDimensions(info.get(), sizes.data(), sizes.size()));
  const auto expected =
      Sizes(session_.kind_, int64_t{width} * session_.scale_, int64_t{height} * session_.scale_);
  if (type != ElementType(session_.kind_) ||
      !std::equal(sizes.begin(), sizes.end(), expected.begin(), expected.end())) {
    const auto given = Sizes(session_.kind_, width, height);
    throw Error(ADDERSR_BAD_MODEL, "The model says scale " + std::to_string(session_.scale_) +
                                       ", but made " + ort::Join(sizes) + " of " +
                                       ort::Join({given.begin(), given.end()}) +
                                       ". Export it again.");
  }
}

void Workspace::RunOn(int32_t width, int32_t height, const ort::OrtValue* input,
                      ort::OrtValue** output) {
  const char* const input_name = session_.input_.c_str();
  const char* const output_name = session_.output_.c_str();
  ort::OrtStatus* status = session_.runtime_.api.Run(session_.session_.get(), options_, &input_name,
                                                     &input, 1, &output_name, 1, output);
  if (status == nullptr) return;
  const std::string words = TakeSentence(session_.runtime_, status);
  CheckCancelled();
  // onnxruntime has no error code for it.
  const bool memory = words.find("Failed to allocate memory") != std::string::npos ||
                      words.find("bad_alloc") != std::string::npos;
  throw Error(memory ? ADDERSR_OUT_OF_MEMORY : ADDERSR_FAILED,
              "The model cannot run on " + std::to_string(width) + "x" + std::to_string(height) +
                  " pixels: " + words + (memory ? " Set tile or memory_limit when opening." : ""));
}

}  // namespace addersr::embedding
