// Any description of frames: those that are right are enlarged inside their memory, of which each
// plane has exactly what the header asks for; all others are a status and a sentence.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "require.h"
#include "runtime/embedding/include/addersr.h"
#include "stub_model.h"

namespace {

using Wide = __int128;

// Frames with more are not made.
constexpr Wide kMostBytes = 1 << 20;

struct Network {
  const char* colour;
  const char* io;
};
constexpr Network kNetworks[] = {{"y", "float"}, {"rgb", "float"}, {"y", "uint8"}};
constexpr int32_t kTiles[] = {0, 1, 5};

// One engine for each network, scale and tile, made once.
addersr_engine* EngineOf(int network, int scale, int tile) {
  static addersr_engine* engines[3][8][3];
  addersr_engine*& engine = engines[network][scale - 1][tile];
  if (engine != nullptr) return engine;
  const std::string model =
      addersr::test::StubModel(kNetworks[network].colour, kNetworks[network].io, scale, 1);
  addersr_options options;
  addersr_options_init(&options);
  options.runtime_library = ADDERSR_STUB;
  options.threads = 1;
  options.tile = kTiles[tile];
  ADDERSR_REQUIRE(addersr_open_memory(model.data(), model.size(), &options, &engine) == ADDERSR_OK);
  return engine;
}

// A plane as the header says, in numbers that do not overflow.
struct Plane {
  Wide row = 0, rows = 0;
};
Plane PlaneOf(const addersr_frame& frame, int plane) {
  const Wide width = frame.width, height = frame.height;
  const Wide half_width = (width + 1) / 2, half_height = (height + 1) / 2;
  switch (frame.format) {
    case ADDERSR_RGB:
    case ADDERSR_BGR:
      return plane == 0 ? Plane{3 * width, height} : Plane{};
    case ADDERSR_RGBA:
      return plane == 0 ? Plane{4 * width, height} : Plane{};
    case ADDERSR_GRAY:
      return plane == 0 ? Plane{width, height} : Plane{};
    case ADDERSR_NV12:
      if (plane == 2) return {};
      return plane == 0 ? Plane{width, height} : Plane{2 * half_width, half_height};
    default:
      return plane == 0 ? Plane{width, height} : Plane{half_width, half_height};
  }
}

// A frame and the memory of its planes.
class Frame {
 public:
  Frame(FuzzedDataProvider* data, int32_t format, int32_t width, int32_t height)
      : frame_{format, width, height, {}, {}} {
    known_ = format >= ADDERSR_RGB && format <= ADDERSR_I420 && width >= 1 && height >= 1;
    right_ = known_;
    for (int p = 0; p < 3; ++p) {
      const Plane plane = known_ ? PlaneOf(frame_, p) : Plane{};
      const Wide gap = data->ConsumeBool() ? 0 : data->ConsumeIntegral<uint8_t>();
      Wide stride = plane.row + gap;
      if (data->ConsumeIntegral<uint8_t>() < 4) stride = data->ConsumeIntegral<int64_t>();
      frame_.strides[p] = static_cast<ptrdiff_t>(stride);
      const bool used = plane.rows > 0;
      const Wide bytes = used ? stride * (plane.rows - 1) + plane.row : 1;
      const bool fits = !used || stride >= plane.row;
      too_large_ = too_large_ || (fits && bytes > kMostBytes);
      if (data->ConsumeIntegral<uint8_t>() < 4) {
        right_ = right_ && !used;
        continue;  // null
      }
      right_ = right_ && fits;
      const Wide size = fits && bytes <= kMostBytes ? bytes : 1;
      memory_[p].reset(new uint8_t[static_cast<size_t>(size)]);
      std::fill_n(memory_[p].get(), static_cast<size_t>(size), kUntouched);
      frame_.planes[p] = memory_[p].get();
    }
  }

  const addersr_frame& frame() const { return frame_; }
  bool right() const { return right_; }
  // Of planes that may be right but that nobody has the memory for.
  bool too_large() const { return too_large_; }
  void CheckGaps() const {
    for (int p = 0; p < 3; ++p) {
      const Plane plane = PlaneOf(frame_, p);
      for (Wide y = 0; y + 1 < plane.rows; ++y) {
        const uint8_t* const row = frame_.planes[p] + static_cast<ptrdiff_t>(y) * frame_.strides[p];
        for (Wide x = plane.row; x < frame_.strides[p]; ++x) {
          ADDERSR_REQUIRE(row[static_cast<ptrdiff_t>(x)] == kUntouched);
        }
      }
    }
  }

 private:
  static constexpr uint8_t kUntouched = 0xa5;

  addersr_frame frame_;
  std::unique_ptr<uint8_t[]> memory_[3];
  bool known_, right_, too_large_ = false;
};

int32_t Side(FuzzedDataProvider* data) {
  return data->ConsumeIntegral<uint8_t>() < 8 ? data->ConsumeIntegral<int32_t>()
                                              : data->ConsumeIntegralInRange<int32_t>(1, 20);
}

// Progress that ends the call after some tiles.
int Stop(void* user, int32_t done, int32_t total) {
  ADDERSR_REQUIRE(done >= 1 && done <= total);
  return --*static_cast<int*>(user) == 0 ? 1 : 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  const int scale = data.ConsumeIntegralInRange<int>(1, 8);
  addersr_engine* const engine = EngineOf(data.ConsumeIntegralInRange<int>(0, 2), scale,
                                          data.ConsumeIntegralInRange<int>(0, 2));
  const int32_t format = data.ConsumeIntegralInRange<int32_t>(-1, 8);
  const int32_t width = Side(&data), height = Side(&data);
  uint64_t needed = 0;
  int32_t tiles = 0;
  const addersr_status answer = addersr_memory(engine, format, width, height, &needed, &tiles);
  ADDERSR_REQUIRE(answer != ADDERSR_OK || (needed > 0 && tiles > 0));

  // Mostly of the right kind.
  const bool strange = data.ConsumeIntegral<uint8_t>() < 8;
  const auto times = [&](int32_t side) {
    return static_cast<int32_t>(static_cast<uint32_t>(side) * static_cast<uint32_t>(scale));
  };
  const Frame input(&data, format, width, height);
  const Frame output(&data, strange ? data.ConsumeIntegral<int32_t>() : format,
                     strange ? Side(&data) : times(width), strange ? Side(&data) : times(height));
  const bool fitting = output.frame().format == format &&
                       output.frame().width == int64_t{width} * scale &&
                       output.frame().height == int64_t{height} * scale;
  const bool right = input.right() && output.right() && fitting;
  if (right && (input.too_large() || output.too_large())) return 0;

  int left = data.ConsumeIntegralInRange<int>(0, 5);
  const bool stops = left > 0;
  addersr_call call{};
  call.size = data.ConsumeIntegral<uint8_t>() < 8 ? data.ConsumeIntegral<size_t>() : sizeof call;
  call.progress = stops ? Stop : nullptr;
  call.user = &left;
  // A size beyond the structure would read memory that is not there.
  if (call.size > sizeof call) call.size = SIZE_MAX;
  const bool called_right = call.size == sizeof call;
  const addersr_status status = addersr_upscale(engine, &input.frame(), &output.frame(), &call);
  if (!right || !called_right) {
    ADDERSR_REQUIRE(status == ADDERSR_INVALID_ARGUMENT && *addersr_last_error() != '\0');
    return 0;
  }
  ADDERSR_REQUIRE(answer == ADDERSR_OK);
  ADDERSR_REQUIRE(status == ADDERSR_OK || (stops && status == ADDERSR_CANCELLED));
  output.CheckGaps();
  return 0;
}
