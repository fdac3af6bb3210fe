// Measures the engine:
//
//   addersr_engine_benchmark time PLANES PICTURES WIDTH HEIGHT THREADS RUNS
//       PLANES through an engine, beside a bare onnxruntime session of PICTURES, which is the same
//       network with the colours inside of the graph, and an engine of that; RGB frames of one
//       size. They run in turns, so that a busy moment of the machine slows all of them.
//   addersr_engine_benchmark memory MODEL WIDTH HEIGHT THREADS MEMORY_LIMIT FRAMES
//       The most memory that the process ever had while one engine enlarged frames.
//
// ADDERSR_ONNXRUNTIME names libonnxruntime. The result is one JSON object.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "custom_ops/onnxruntime/register.h"
#include "runtime/embedding/file.h"
#include "runtime/embedding/include/addersr.h"
#include "runtime/embedding/onnxruntime.h"

namespace addersr::embedding {
namespace {

void CheckStatus(addersr_status status) {
  if (status != ADDERSR_OK) throw std::runtime_error(addersr_last_error());
}

// RGB noise, which changes from pixel to pixel by a little, and memory for the enlarged frame.
struct Frames {
  Frames(int32_t width, int32_t height, int32_t scale)
      : small(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height)),
        large(small.size() * static_cast<size_t>(scale * scale)),
        input{ADDERSR_RGB, width, height, {small.data()}, {3 * width}},
        output{ADDERSR_RGB, scale * width, scale * height, {large.data()}, {3 * scale * width}} {
    uint32_t state = 1;
    for (uint8_t& byte : small) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<uint8_t>(96 + (state >> 24) / 4);
    }
  }
  std::vector<uint8_t> small, large;
  addersr_frame input, output;
};

class Engine {
 public:
  Engine(const char* model, int32_t threads, uint64_t memory_limit) {
    addersr_options options;
    addersr_options_init(&options);
    options.threads = threads;
    options.memory_limit = memory_limit;
    CheckStatus(addersr_open(model, &options, &engine_));
  }
  ~Engine() { addersr_close(engine_); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void Run(const Frames& frames) {
    CheckStatus(addersr_upscale(engine_, &frames.input, &frames.output, nullptr));
  }
  addersr_engine* get() const { return engine_; }

 private:
  addersr_engine* engine_ = nullptr;
};

// As an application without this library would do it: one session, two tensors over its own memory.
class BareSession {
 public:
  BareSession(const char* model, int threads, int32_t scale, Frames* frames)
      : runtime_(FindRuntime(nullptr)) {
    const ort::SessionApi& api = runtime_.api;
    ort::OrtSessionOptions* options = nullptr;
    Ok(api.CreateSessionOptions(&options));
    Ok(api.SetIntraOpNumThreads(options, threads));
    // Else its threads would spin while the others run.
    Ok(api.AddSessionConfigEntry(options, "session.force_spinning_stop", "1"));
    Ok(ort::RegisterOps(options, runtime_.base));
    const std::vector<char> bytes = ReadFile(model);
    Ok(api.CreateSessionFromArray(runtime_.env, bytes.data(), bytes.size(), options, &session_));
    api.ReleaseSessionOptions(options);
    Ok(api.SessionGetInputName(session_, 0, runtime_.allocator, &input_name_));
    Ok(api.SessionGetOutputName(session_, 0, runtime_.allocator, &output_name_));
    const int64_t width = frames->input.width, height = frames->input.height;
    input_ = Tensor(&frames->small, {1, height, width, 3});
    output_ = Tensor(&frames->large, {1, height * scale, width * scale, 3});
  }

  void Run() {
    Ok(runtime_.api.Run(session_, nullptr, &input_name_, &input_, 1, &output_name_, 1, &output_));
  }

 private:
  void Ok(ort::OrtStatus* status) { Check(runtime_, status, ADDERSR_FAILED, ""); }

  ort::OrtValue* Tensor(std::vector<uint8_t>* memory, const std::vector<int64_t>& sizes) {
    ort::OrtValue* value = nullptr;
    Ok(runtime_.api.CreateTensorWithDataAsOrtValue(
        runtime_.memory, memory->data(), memory->size(), sizes.data(), sizes.size(),
        ort::ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, &value));
    return value;
  }

  // Until the process ends.
  const Runtime& runtime_;
  ort::OrtSession* session_ = nullptr;
  char *input_name_ = nullptr, *output_name_ = nullptr;
  ort::OrtValue *input_ = nullptr, *output_ = nullptr;
};

int32_t ScaleOf(const Engine& engine) {
  addersr_info info{};
  info.size = sizeof(info);
  CheckStatus(addersr_get_info(engine.get(), &info));
  return info.scale;
}

double Milliseconds(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

void Time(char** arguments) {
  const int32_t width = std::atoi(arguments[2]), height = std::atoi(arguments[3]);
  const int threads = std::atoi(arguments[4]), runs = std::atoi(arguments[5]);
  Engine planes(arguments[0], threads, 0), pictures(arguments[1], threads, 0);
  const int32_t scale = ScaleOf(planes);
  Frames of_planes(width, height, scale), of_pictures(width, height, scale),
      of_session(width, height, scale);
  BareSession session(arguments[1], threads, scale, &of_session);
  const struct {
    const char* name;
    std::function<void()> run;
  } contenders[] = {{"session", [&] { session.Run(); }},
                    {"engine", [&] { planes.Run(of_planes); }},
                    {"engine of pictures", [&] { pictures.Run(of_pictures); }}};
  std::string times[3];
  for (int run = -2; run < runs; ++run) {
    for (int i = 0; i < 3; ++i) {
      const double milliseconds = Milliseconds(contenders[i].run);
      if (run >= 0) times[i] += (run == 0 ? "" : ",") + std::to_string(milliseconds);
    }
  }
  if (of_planes.large != of_session.large || of_pictures.large != of_session.large) {
    throw std::runtime_error("The engine and the session give different pixels.");
  }
  std::printf("{");
  for (int i = 0; i < 3; ++i) {
    std::printf("%s\"%s\":[%s]", i == 0 ? "" : ",", contenders[i].name, times[i].c_str());
  }
  std::printf("}\n");
}

// Bytes: the most that was resident (VmHWM).
long long PeakBytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    if (word != "VmHWM:") continue;
    long long kibibytes = 0;
    file >> kibibytes;
    return kibibytes * 1024;
  }
  throw std::runtime_error("This system does not say how much memory was used at most.");
}

void Memory(char** arguments) {
  const int32_t width = std::atoi(arguments[1]), height = std::atoi(arguments[2]);
  Engine engine(arguments[0], std::atoi(arguments[3]), std::strtoull(arguments[4], nullptr, 10));
  Frames frames(width, height, ScaleOf(engine));
  uint64_t estimate = 0;
  int32_t tiles = 0;
  CheckStatus(addersr_memory(engine.get(), ADDERSR_RGB, width, height, &estimate, &tiles));
  std::fill(frames.large.begin(), frames.large.end(), uint8_t{1});
  const long long before = PeakBytes();
  double milliseconds = 0;
  for (int frame = std::atoi(arguments[5]); frame > 0; --frame) {
    milliseconds = Milliseconds([&] { engine.Run(frames); });
  }
  std::printf(
      "{\"peak\":%lld,\"before\":%lld,\"frames\":%zu,\"estimate\":%llu,\"tiles\":%d,"
      "\"milliseconds\":%.3f}\n",
      PeakBytes(), before, frames.small.size() + frames.large.size(),
      static_cast<unsigned long long>(estimate), tiles, milliseconds);
}

}  // namespace
}  // namespace addersr::embedding

int main(int count, char** arguments) {
  try {
    const std::string what = count > 1 ? arguments[1] : "";
    if (what == "time" && count == 8) {
      addersr::embedding::Time(arguments + 2);
    } else if (what == "memory" && count == 8) {
      addersr::embedding::Memory(arguments + 2);
    } else {
      std::fprintf(stderr, "Expected arguments as the head of engine_benchmark.cc has them.\n");
      return 2;
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "addersr_engine_benchmark: %s\n", error.what());
    return 1;
  }
}
