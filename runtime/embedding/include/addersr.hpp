// addersr for C++17: addersr.h with owners, exceptions and std::function. Header-only.
//
//     addersr::Engine engine("tiny-x2-adder-u8.onnx");
//     addersr::Frame small(addersr::Format::kRgb, 640, 360);
//     ... fill small.data() ...
//     addersr::Frame large = engine.Upscale(small);
//
// What can fail throws addersr::Error, so this header needs exceptions; a program that is compiled
// without them takes addersr.h. Threads, colours and memory are as addersr.h says: the const
// functions of one Engine may be called from any threads at the same time.
#ifndef ADDERSR_HPP_
#define ADDERSR_HPP_

#include <addersr.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace addersr {

// A call of the library that failed. what() says what was expected, what came, what to do.
class Error : public std::runtime_error {
 public:
  Error(addersr_status status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}

  addersr_status status() const noexcept { return status_; }

 private:
  addersr_status status_;
};

// Throws Error with this thread's last sentence unless the status is ADDERSR_OK.
inline void Check(addersr_status status) {
  if (status != ADDERSR_OK) throw Error(status, addersr_last_error());
}

// The version of the library that runs.
inline std::string Version() { return addersr_version(); }

// How the pixels of a frame lie in memory: addersr_format.
enum class Format : int32_t {
  kRgb = ADDERSR_RGB,
  kBgr = ADDERSR_BGR,
  kRgba = ADDERSR_RGBA,
  kGray = ADDERSR_GRAY,
  kNv12 = ADDERSR_NV12,
  kI420 = ADDERSR_I420
};

// Planes of a format, bytes of a row and rows of a plane without any padding.
constexpr int PlaneCount(Format format) {
  return format == Format::kI420 ? 3 : format == Format::kNv12 ? 2 : 1;
}

constexpr size_t RowBytes(Format format, int plane, int32_t width) {
  const size_t pixels = static_cast<size_t>(width);
  if (plane > 0) return (pixels + 1) / 2 * (format == Format::kNv12 ? 2 : 1);
  if (format == Format::kRgba) return pixels * 4;
  return format == Format::kRgb || format == Format::kBgr ? pixels * 3 : pixels;
}

constexpr int32_t PlaneRows(int plane, int32_t height) {
  return plane > 0 ? height / 2 + height % 2 : height;
}

// A frame that owns its memory: the planes one after the other, rows without padding.
class Frame {
 public:
  Frame() = default;
  Frame(Format format, int32_t width, int32_t height) { Reset(format, width, height); }

  // Another format or size. Memory is allocated only where there was less; what pixels hold
  // afterwards is not specified.
  void Reset(Format format, int32_t width, int32_t height) {
    if (width < 1 || height < 1) {
      throw Error(ADDERSR_INVALID_ARGUMENT, "Expected a frame of at least 1x1 pixel, got " +
                                                std::to_string(width) + "x" +
                                                std::to_string(height) + ".");
    }
    // At most 4 bytes a pixel.
    constexpr auto kMost = std::numeric_limits<ptrdiff_t>::max();
    if (width > kMost / 4 / height) {
      throw Error(ADDERSR_OUT_OF_MEMORY,
                  "A frame of " + std::to_string(width) + "x" + std::to_string(height) +
                      " pixels is larger than any memory. Use a smaller one.");
    }
    bytes_.resize(Begin(format, width, height, PlaneCount(format)));
    format_ = format;
    width_ = width;
    height_ = height;
  }

  Format format() const noexcept { return format_; }
  int32_t width() const noexcept { return width_; }
  int32_t height() const noexcept { return height_; }
  uint8_t* data() noexcept { return bytes_.data(); }
  const uint8_t* data() const noexcept { return bytes_.data(); }
  size_t bytes() const noexcept { return bytes_.size(); }

  uint8_t* plane(int index) noexcept { return data() + Begin(format_, width_, height_, index); }
  const uint8_t* plane(int index) const noexcept {
    return data() + Begin(format_, width_, height_, index);
  }
  ptrdiff_t stride(int index) const noexcept {
    return index < PlaneCount(format_) ? static_cast<ptrdiff_t>(RowBytes(format_, index, width_))
                                       : 0;
  }

 private:
  // Where a plane begins; of those that the format does not have, the end.
  static size_t Begin(Format format, int32_t width, int32_t height, int index) noexcept {
    size_t begin = 0;
    for (int plane = 0; plane < index && plane < PlaneCount(format); ++plane) {
      begin += RowBytes(format, plane, width) * static_cast<size_t>(PlaneRows(plane, height));
    }
    return begin;
  }

  Format format_ = Format::kRgb;
  int32_t width_ = 0;
  int32_t height_ = 0;
  std::vector<uint8_t> bytes_;
};

// A frame to read from, in memory of somebody else, which must outlive the calls that get it.
class ConstFrameView {
 public:
  // One plane (RGB, BGR, RGBA, gray). Stride 0: rows without padding.
  ConstFrameView(Format format, int32_t width, int32_t height, const void* pixels,
                 ptrdiff_t stride = 0)
      : ConstFrameView(format, width, height, {pixels, nullptr, nullptr},
                       {stride != 0 ? stride : Packed(format, width), 0, 0}) {}

  // Several planes: luma and pairs of chroma (NV12), luma, U and V (I420).
  ConstFrameView(Format format, int32_t width, int32_t height,
                 const std::array<const void*, 3>& planes, const std::array<ptrdiff_t, 3>& strides)
      : frame_{static_cast<int32_t>(format),
               width,
               height,
               {Writable(planes[0]), Writable(planes[1]), Writable(planes[2])},
               {strides[0], strides[1], strides[2]}} {}

  ConstFrameView(const Frame& frame)
      : ConstFrameView(frame.format(), frame.width(), frame.height(),
                       {frame.plane(0), frame.plane(1), frame.plane(2)},
                       {frame.stride(0), frame.stride(1), frame.stride(2)}) {}

  Format format() const noexcept { return static_cast<Format>(frame_.format); }
  int32_t width() const noexcept { return frame_.width; }
  int32_t height() const noexcept { return frame_.height; }
  const uint8_t* plane(int index) const noexcept { return frame_.planes[index]; }
  ptrdiff_t stride(int index) const noexcept { return frame_.strides[index]; }

  // For addersr.h, which reads inputs only although their pointers are not const.
  const addersr_frame& c() const noexcept { return frame_; }

 private:
  static ptrdiff_t Packed(Format format, int32_t width) {
    return width < 1 ? 0 : static_cast<ptrdiff_t>(RowBytes(format, 0, width));
  }
  static uint8_t* Writable(const void* plane) {
    return const_cast<uint8_t*>(static_cast<const uint8_t*>(plane));
  }

  addersr_frame frame_;
};

// A frame to write to, in memory of somebody else.
class FrameView : public ConstFrameView {
 public:
  FrameView(Format format, int32_t width, int32_t height, void* pixels, ptrdiff_t stride = 0)
      : ConstFrameView(format, width, height, pixels, stride) {}

  FrameView(Format format, int32_t width, int32_t height, const std::array<void*, 3>& planes,
            const std::array<ptrdiff_t, 3>& strides)
      : ConstFrameView(format, width, height, {planes[0], planes[1], planes[2]}, strides) {}

  FrameView(Frame& frame) : ConstFrameView(frame) {}
};

// How to open a model: addersr_options.
struct Options {
  std::string runtime_library;  // "": the library looks for onnxruntime itself
  int32_t threads = 0;          // 0: the number of cores
  int32_t tile = 0;             // 0: whole frames, or what memory_limit allows
  uint64_t memory_limit = 0;    // in bytes; 0: none
};

// What a model is: addersr_info.
struct Info {
  int32_t scale = 0;
  int32_t halo = 0;
  std::string architecture, kind, colour, precision, version, runtime, kernel;
};

// What a call is estimated to need: addersr_memory.
struct Memory {
  uint64_t bytes = 0;
  int32_t tiles = 0;
};

// Called after each tile in the thread that called Upscale; false cancels. What it throws cancels
// too, and comes out of Upscale.
using Progress = std::function<bool(int32_t done, int32_t total)>;

// A model, ready to enlarge frames. Closed by its destructor.
class Engine {
 public:
  // Throws Error: the file, the model or the options are wrong, or there is no onnxruntime.
  explicit Engine(const std::string& path, const Options& options = {}) {
    const addersr_options c = Convert(options);
    addersr_engine* opened = nullptr;
    Check(addersr_open(path.c_str(), &c, &opened));
    engine_.reset(opened);
  }

  // A model in memory, which may be freed afterwards.
  static Engine FromMemory(const void* data, size_t bytes, const Options& options = {}) {
    const addersr_options c = Convert(options);
    addersr_engine* opened = nullptr;
    Check(addersr_open_memory(data, bytes, &c, &opened));
    return Engine(opened);
  }

  Info info() const {
    addersr_info c{};
    c.size = sizeof(c);
    Check(addersr_get_info(engine_.get(), &c));
    return {c.scale,     c.halo,    c.architecture, c.kind,  c.colour,
            c.precision, c.version, c.runtime,      c.kernel};
  }

  int32_t scale() const { return info().scale; }

  Memory MemoryFor(Format format, int32_t width, int32_t height) const {
    Memory memory;
    Check(addersr_memory(engine_.get(), static_cast<int32_t>(format), width, height, &memory.bytes,
                         &memory.tiles));
    return memory;
  }

  // Enlarge into memory of the caller: of the same format, scale() times the size.
  void Upscale(const ConstFrameView& input, const FrameView& output,
               const Progress& progress = nullptr) const {
    if (!progress) {
      Check(addersr_upscale(engine_.get(), &input.c(), &output.c(), nullptr));
      return;
    }
    Report report{progress, nullptr};
    addersr_call call{};
    call.size = sizeof(call);
    call.progress = Tell;
    call.user = &report;
    const addersr_status status = addersr_upscale(engine_.get(), &input.c(), &output.c(), &call);
    if (report.thrown) std::rethrow_exception(report.thrown);
    Check(status);
  }

  // Enlarge into a new frame.
  Frame Upscale(const ConstFrameView& input, const Progress& progress = nullptr) const {
    const int32_t factor = scale();
    if (input.width() > std::numeric_limits<int32_t>::max() / factor ||
        input.height() > std::numeric_limits<int32_t>::max() / factor) {
      throw Error(ADDERSR_INVALID_ARGUMENT,
                  "The enlarged frame has more than 2147483647 pixels in a "
                  "row or column. Use a smaller one.");
    }
    Frame output(input.format(), input.width() * factor, input.height() * factor);
    Upscale(input, output, progress);
    return output;
  }

  // End the calls that run now, in whatever threads, with ADDERSR_CANCELLED.
  void Cancel() const noexcept { addersr_cancel(engine_.get()); }

  // For addersr.h; stays owned by this object.
  addersr_engine* c() const noexcept { return engine_.get(); }

 private:
  struct Close {
    void operator()(addersr_engine* engine) const noexcept { addersr_close(engine); }
  };
  struct Report {
    const Progress& progress;
    std::exception_ptr thrown;
  };

  explicit Engine(addersr_engine* opened) : engine_(opened) {}

  static addersr_options Convert(const Options& options) {
    addersr_options c;
    addersr_options_init(&c);
    if (!options.runtime_library.empty()) c.runtime_library = options.runtime_library.c_str();
    c.threads = options.threads;
    c.tile = options.tile;
    c.memory_limit = options.memory_limit;
    return c;
  }

  // Nothing may be thrown through the library, which is C from outside.
  static int Tell(void* user, int32_t done, int32_t total) noexcept {
    Report& report = *static_cast<Report*>(user);
    try {
      return report.progress(done, total) ? 0 : 1;
    } catch (...) {
      report.thrown = std::current_exception();
      return 1;
    }
  }

  std::unique_ptr<addersr_engine, Close> engine_;
};

}  // namespace addersr

#endif  // ADDERSR_HPP_
