// The C interface: checks what comes in, and turns what goes wrong inside into a status and a
// sentence. include/addersr.h says what every function does.
#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include "runtime/embedding/engine.h"
#include "runtime/embedding/error.h"
#include "runtime/embedding/file.h"
#include "runtime/embedding/include/addersr.h"

#ifndef ADDERSR_VERSION
#error "ADDERSR_VERSION must be the version of the package, as a string"
#endif

struct addersr_engine {
  addersr::embedding::Engine engine;
};

namespace addersr::embedding {
namespace {

// The sentence of the thread's last failure. A buffer, so that memory that ran out can be reported.
thread_local char last_error[2048] = "";

void SetLastError(const char* sentence) noexcept {
  size_t size = std::min(std::strlen(sentence), sizeof(last_error) - 1);
  // Not in the middle of a character of UTF-8.
  if (sentence[size] != '\0') {
    while (size > 0 && (static_cast<unsigned char>(sentence[size]) & 0xC0) == 0x80) --size;
  }
  std::memcpy(last_error, sentence, size);
  last_error[size] = '\0';
}

addersr_status Fail(addersr_status status, const char* sentence) noexcept {
  SetLastError(sentence);
  return status;
}

// Runs `body` on our side of the C border.
template <typename Body>
addersr_status Guard(const Body& body) noexcept {
  constexpr char kNoMemory[] =
      "There is not enough memory. Set tile or memory_limit when opening, or use fewer threads.";
  try {
    body();
    return ADDERSR_OK;
  } catch (const Error& error) {
    return Fail(error.status(), error.what());
  } catch (const std::bad_alloc&) {
    return Fail(ADDERSR_OUT_OF_MEMORY, kNoMemory);
  } catch (const std::length_error&) {
    return Fail(ADDERSR_OUT_OF_MEMORY, kNoMemory);
  } catch (const std::exception& error) {
    return Fail(ADDERSR_FAILED, error.what());
  } catch (...) {
    return Fail(ADDERSR_FAILED, "It failed for an unknown reason.");
  }
}

void CheckNotNull(const void* pointer, const char* name) {
  if (pointer == nullptr) {
    throw Error(ADDERSR_INVALID_ARGUMENT,
                std::string("Expected ") + name + ", got null. Pass a valid pointer.");
  }
}

// The most that a structure of any version may say of its size.
constexpr size_t kMostSize = 4096;

// `least` is what the first version had, or less where a part of the structure will do.
void CheckSize(size_t size, size_t least, size_t ours, const char* type) {
  if (size >= least && size <= kMostSize) return;
  throw Error(ADDERSR_INVALID_ARGUMENT, std::string("Expected the size of ") + type + " to be " +
                                            std::to_string(ours) + ", got " + std::to_string(size) +
                                            ". Set it to sizeof(" + type + ").");
}

// A structure that the caller filled, of his version: what he does not know is zero, and what we do
// not know must be.
template <typename Structure>
Structure Read(const Structure* given, const char* type) {
  Structure known{};
  if (given == nullptr) return known;
  // A part could end in the middle of a pointer. All structures are still those of the first
  // version.
  CheckSize(given->size, sizeof(Structure), sizeof(Structure), type);
  std::memcpy(&known, given, std::min(given->size, sizeof(Structure)));
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (size_t i = sizeof(Structure); i < given->size; ++i) {
    if (bytes[i] != 0) {
      throw Error(ADDERSR_INVALID_ARGUMENT,
                  std::string("Expected ") + type +
                      " as version " ADDERSR_VERSION
                      " of the library knows it, got one with more. Install a newer library.");
    }
  }
  return known;
}

void Open(const void* data, size_t bytes, const std::string& name, const addersr_options* options,
          addersr_engine** engine) {
  *engine = new addersr_engine{Engine(data, bytes, name, Read(options, "addersr_options"))};
}

void CheckFrameSize(int32_t format, int32_t width, int32_t height) {
  if (format < ADDERSR_RGB || format > ADDERSR_I420) {
    throw Error(ADDERSR_INVALID_ARGUMENT,
                "Expected format to be one of addersr_format, got " + std::to_string(format) + ".");
  }
  if (width < 1 || height < 1) {
    throw Error(ADDERSR_INVALID_ARGUMENT, "Expected a frame of at least 1x1 pixel, got " +
                                              std::to_string(width) + "x" + std::to_string(height) +
                                              ".");
  }
}

}  // namespace
}  // namespace addersr::embedding

using namespace addersr::embedding;

const char* addersr_version(void) { return ADDERSR_VERSION; }

const char* addersr_last_error(void) { return last_error; }

const char* addersr_status_name(addersr_status status) {
  switch (status) {
    case ADDERSR_OK:
      return "success";
    case ADDERSR_INVALID_ARGUMENT:
      return "invalid argument";
    case ADDERSR_NO_RUNTIME:
      return "no onnxruntime";
    case ADDERSR_BAD_MODEL:
      return "bad model";
    case ADDERSR_OUT_OF_MEMORY:
      return "out of memory";
    case ADDERSR_CANCELLED:
      return "cancelled";
    case ADDERSR_FAILED:
      return "failed";
  }
  return "unknown status";
}

void addersr_options_init(addersr_options* options) {
  if (options == nullptr) return;
  *options = addersr_options{};
  options->size = sizeof(addersr_options);
}

addersr_status addersr_open(const char* path, const addersr_options* options,
                            addersr_engine** engine) {
  return Guard([&] {
    CheckNotNull(engine, "a place for the engine");
    *engine = nullptr;
    CheckNotNull(path, "the path of a model");
    const std::vector<char> model = ReadFile(path);
    Open(model.data(), model.size(), path, options, engine);
  });
}

addersr_status addersr_open_memory(const void* data, size_t bytes, const addersr_options* options,
                                   addersr_engine** engine) {
  return Guard([&] {
    CheckNotNull(engine, "a place for the engine");
    *engine = nullptr;
    CheckNotNull(data, "the bytes of a model");
    Open(data, bytes, "The model", options, engine);
  });
}

void addersr_close(addersr_engine* engine) { delete engine; }

addersr_status addersr_get_info(const addersr_engine* engine, addersr_info* info) {
  return Guard([&] {
    CheckNotNull(engine, "an engine");
    CheckNotNull(info, "a place for the information");
    CheckSize(info->size, sizeof(info->size), sizeof(addersr_info), "addersr_info");
    const Engine& of = engine->engine;
    addersr_info known{};
    known.size = info->size;
    known.scale = of.info().scale;
    known.halo = of.info().halo;
    known.architecture = of.info().architecture.c_str();
    known.kind = of.info().kind.c_str();
    known.colour = of.info().colour.c_str();
    known.precision = of.info().precision.c_str();
    known.version = of.info().version.c_str();
    known.runtime = of.runtime_version().c_str();
    known.kernel = of.kernel().c_str();
    const size_t size = info->size;
    std::memset(info, 0, size);
    std::memcpy(info, &known, std::min(size, sizeof(known)));
  });
}

addersr_status addersr_memory(const addersr_engine* engine, int32_t format, int32_t width,
                              int32_t height, uint64_t* bytes, int32_t* tiles) {
  return Guard([&] {
    CheckNotNull(engine, "an engine");
    CheckFrameSize(format, width, height);
    const Grid grid = engine->engine.Plan(format, width, height);
    if (bytes != nullptr) {
      *bytes = TileBytes(engine->engine.info(), format, grid.source_width(), grid.source_height());
    }
    if (tiles != nullptr) *tiles = static_cast<int32_t>(grid.count());
  });
}

addersr_status addersr_upscale(addersr_engine* engine, const addersr_frame* input,
                               const addersr_frame* output, const addersr_call* call) {
  return Guard([&] {
    CheckNotNull(engine, "an engine");
    CheckNotNull(input, "an input frame");
    CheckNotNull(output, "an output frame");
    engine->engine.Upscale(*input, *output, Read(call, "addersr_call"));
  });
}

void addersr_cancel(addersr_engine* engine) {
  // A lock that cannot be taken: nothing was cancelled, and nobody can be told.
  if (engine != nullptr) static_cast<void>(Guard([&] { engine->engine.Cancel(); }));
}
