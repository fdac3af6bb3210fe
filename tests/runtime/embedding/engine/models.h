// Models for the tests: those of the zoo, and bytes in protobuf's wire format made by hand.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/embedding/include/addersr.h"

// Ends the test where there is no onnxruntime.
#define ADDERSR_NEEDS_ONNXRUNTIME()                                \
  if (!::addersr::test::HasRuntime()) {                            \
    GTEST_SKIP() << "ADDERSR_ONNXRUNTIME names no libonnxruntime"; \
  }                                                                \
  static_assert(true)

namespace addersr::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

bool HasRuntime();

std::string ZooPath(const std::string& name);
// The bytes of a model of the zoo.
std::string ReadZoo(const std::string& name);
// All models of the zoo.
std::vector<std::string> ZooNames();

using Metadata = std::vector<std::pair<std::string, std::string>>;
// What the exporter writes, with changes: a value replaces that of the same key (without
// "addersr."),
// "" removes it.
Metadata MetadataOf(const Metadata& changes = {});

// Parts of a message.
std::string IntegerField(int number, uint64_t value);
std::string BytesField(int number, const std::string& bytes);

// A message with the outside of an ONNX model.
struct ModelParts {
  Metadata metadata = MetadataOf();
  std::string graph = "";  // the message
  std::string more = "";   // fields behind all others
  int64_t op_version = 1;
};
std::string ModelBytes(const ModelParts& parts);

struct CloseEngine {
  void operator()(addersr_engine* engine) const { addersr_close(engine); }
};
using EnginePointer = std::unique_ptr<addersr_engine, CloseEngine>;

// An engine for a model of the zoo; null and a failed test if it does not open.
EnginePointer OpenZoo(const std::string& name, int threads = 1, int tile = 0,
                      uint64_t memory_limit = 0);

// A frame with memory of its own, without gaps.
class Picture {
 public:
  Picture(int32_t format, int32_t width, int32_t height);
  // The frame points into the memory.
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
  // Reproducible noise.
  void Fill(uint32_t seed);
  const addersr_frame& frame() const { return frame_; }
  bool operator==(const Picture& other) const { return bytes_ == other.bytes_; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
  addersr_frame frame_{};
};

}  // namespace addersr::test
