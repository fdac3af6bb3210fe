// One model in onnxruntime, and the memory of the calls that run on it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "runtime/embedding/aligned_buffer.h"
#include "runtime/embedding/model_info.h"
#include "runtime/embedding/onnxruntime.h"

namespace addersr::embedding {

// Bytes of a network's tensors for an input of this size.
size_t InputBytes(NetworkKind kind, int32_t width, int32_t height);
size_t OutputBytes(NetworkKind kind, int scale, int32_t width, int32_t height);

// A model of one input and one output, loaded with our ops. Several threads may run it at once.
class Session {
 public:
  // `name` is what sentences call the model. Throws Error (ADDERSR_BAD_MODEL).
  Session(const Runtime& runtime, const void* model, size_t bytes, const ModelInfo& info,
          int threads, const std::string& name);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  friend class Workspace;

  void CheckTensors(const std::string& name);
  std::string ValueName(bool input, const std::string& name) const;
  bool Fits(ort::OrtTypeInfo* info) const;

  const Runtime& runtime_;
  NetworkKind kind_;
  int scale_;
  std::unique_ptr<ort::OrtSession, void (*)(ort::OrtSession*)> session_;
  std::string input_, output_;  // names
};

// The buffers of one call at a time, kept from call to call: nothing is allocated for a size that
// was seen before.
class Workspace {
 public:
  explicit Workspace(const Session& session);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Room for inputs of up to this size. Throws std::bad_alloc.
  void Reserve(int32_t width, int32_t height, size_t scratch_bytes);

  // Runs the network on an input of this size, which Reserve made room for, and lets onnxruntime
  // make the output: throws Error (ADDERSR_BAD_MODEL) unless it is what the metadata says. The
  // content of input() does not matter.
  void Probe(int32_t width, int32_t height);

  // Of the next or last Run.
  void* input() const { return input_.data(); }
  const void* output() const { return output_.data(); }
  void* scratch() const { return scratch_.data(); }

  // Runs the network on an input of this size, which Reserve made room for. Throws Error.
  void Run(int32_t width, int32_t height);

  // Before a call on a frame; the two may not run at the same time.
  void Begin();
  // From any thread between Begin and the end of the call.
  void Cancel();
  // Throws Error (ADDERSR_CANCELLED) when Cancel came.
  void CheckCancelled() const;
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  struct Tensors {
    ort::OrtValue* input = nullptr;
    ort::OrtValue* output = nullptr;
  };

  void RunOn(int32_t width, int32_t height, const ort::OrtValue* input, ort::OrtValue** output);
  const Tensors& TensorsFor(int32_t width, int32_t height);
  ort::OrtValue* NewTensor(const AlignedBuffer& buffer, int scale, int32_t width, int32_t height);
  void ReleaseTensors();

  const Session& session_;
  ort::OrtRunOptions* options_ = nullptr;
  std::atomic<bool> cancelled_{false};
  AlignedBuffer input_, output_, scratch_;
  // Views of the buffers by width and height.
  std::map<std::pair<int32_t, int32_t>, Tensors> tensors_;
};

}  // namespace addersr::embedding
