// Any bytes as a model: an engine that answers questions and enlarges, or a status and a sentence.
#include <cstdint>
#include <cstring>
#include <vector>

#include "require.h"
#include "runtime/embedding/include/addersr.h"

namespace {

void Use(addersr_engine* engine) {
  addersr_info info{};
  info.size = sizeof info;
  ADDERSR_REQUIRE(addersr_get_info(engine, &info) == ADDERSR_OK);
  ADDERSR_REQUIRE(info.scale >= 1 && info.scale <= 8 && info.halo >= 0);
  for (const char* text : {info.architecture, info.kind, info.colour, info.precision, info.version,
                           info.runtime, info.kernel}) {
    ADDERSR_REQUIRE(std::strlen(text) < SIZE_MAX);  // reads all of it
  }
  uint64_t bytes = 0;
  int32_t tiles = 0;
  const addersr_status status = addersr_memory(engine, ADDERSR_NV12, 5, 3, &bytes, &tiles);
  ADDERSR_REQUIRE(status != ADDERSR_OK || (bytes > 0 && tiles > 0));
  std::vector<uint8_t> small(15, 100), large(15 * static_cast<size_t>(info.scale * info.scale));
  const addersr_frame input{ADDERSR_GRAY, 5, 3, {small.data()}, {5}};
  const addersr_frame output{
      ADDERSR_GRAY, 5 * info.scale, 3 * info.scale, {large.data()}, {5 * info.scale}};
  const addersr_status upscaled = addersr_upscale(engine, &input, &output, nullptr);
  ADDERSR_REQUIRE(upscaled == ADDERSR_OK || upscaled == status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  addersr_options options;
  addersr_options_init(&options);
  options.runtime_library = ADDERSR_STUB;
  options.threads = 1;
  addersr_engine* engine = nullptr;
  const addersr_status status = addersr_open_memory(data, size, &options, &engine);
  if (status == ADDERSR_OK) {
    ADDERSR_REQUIRE(engine != nullptr);
    Use(engine);
  } else {
    ADDERSR_REQUIRE(engine == nullptr && *addersr_last_error() != '\0');
    ADDERSR_REQUIRE(data == nullptr || status == ADDERSR_BAD_MODEL);
  }
  addersr_close(engine);
  return 0;
}
