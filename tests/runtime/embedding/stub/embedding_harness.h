// Engines on the stub, and frames for them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "runtime/embedding/include/addersr.h"
#include "stub_model.h"
#include "stub_onnxruntime.h"
#include "tests/runtime/embedding/frames/guarded_frame.h"

namespace addersr::test {

struct Kind {
  const char* colour;
  const char* io;
  NetworkKind network;
};
constexpr Kind kNetworks[] = {{"y", "float", NetworkKind::kLuma},
                              {"rgb", "float", NetworkKind::kRgb},
                              {"y", "uint8", NetworkKind::kPicture}};
constexpr int32_t kFormats[] = {ADDERSR_RGB,  ADDERSR_BGR,  ADDERSR_RGBA,
                                ADDERSR_GRAY, ADDERSR_NV12, ADDERSR_I420};

inline addersr_options StubOptions(int32_t threads, int32_t tile) {
  addersr_options options;
  addersr_options_init(&options);
  options.runtime_library = ADDERSR_STUB;
  options.threads = threads;
  options.tile = tile;
  return options;
}

class StubEngine {
 public:
  StubEngine(const Kind& kind, int scale, int halo, int32_t threads, int32_t tile) {
    const std::string model = StubModel(kind.colour, kind.io, scale, halo);
    const addersr_options options = StubOptions(threads, tile);
    EXPECT_EQ(addersr_open_memory(model.data(), model.size(), &options, &engine_), ADDERSR_OK)
        << addersr_last_error();
  }
  StubEngine(const StubEngine&) = delete;
  StubEngine& operator=(const StubEngine&) = delete;
  ~StubEngine() { addersr_close(engine_); }

  addersr_engine* get() const { return engine_; }

 private:
  addersr_engine* engine_ = nullptr;
};

// What the stub makes of a tensor for a frame of this size.
Tensor Repeated(const Tensor& input, NetworkKind kind, int64_t width, int64_t height, int scale);

// A frame, and what an engine on the stub must make of it.
class StubFrames {
 public:
  StubFrames(const Kind& kind, int32_t format, int scale, int32_t width, int32_t height,
             uint32_t seed, Side side = Side::kEnd)
      : small_(RandomPicture(format, width, height, seed)),
        input_(small_, side, 3),
        output_({format, width * scale, height * scale, {}}, side, 5),
        right_(ReferenceOutput(
            small_, kind.network, scale,
            Repeated(ReferenceInput(small_, kind.network), kind.network, width, height, scale))) {}

  const addersr_frame* input() const { return &input_.frame(); }
  const addersr_frame* output() const { return &output_.frame(); }
  bool IsRight() const {
    const Picture large = output_.Contents();
    return std::equal(std::begin(large.planes), std::end(large.planes), right_.planes) &&
           output_.GapsAreUntouched();
  }

 private:
  Picture small_;
  GuardedFrame input_, output_;
  Picture right_;
};

}  // namespace addersr::test
