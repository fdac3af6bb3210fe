// A program in C++17 that enlarges one picture: program model.onnx [file of libonnxruntime]
//
// Prints the size of the result and its checksum (FNV-1a, 32 bits).
#include <addersr.h>

#include <cstdio>
#include <memory>
#include <vector>

namespace {

constexpr int kWidth = 45, kHeight = 31, kChannels = 3;

addersr_frame Rgb(std::vector<uint8_t>* pixels, int32_t width, int32_t height) {
  addersr_frame frame{};
  frame.format = ADDERSR_RGB;
  frame.width = width;
  frame.height = height;
  frame.planes[0] = pixels->data();
  frame.strides[0] = ptrdiff_t{width} * kChannels;
  return frame;
}

int Failed() {
  std::fprintf(stderr, "%s\n", addersr_last_error());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  addersr_options options;
  addersr_options_init(&options);
  options.threads = 1;
  if (argc > 2) options.runtime_library = argv[2];
  addersr_engine* opened = nullptr;
  if (addersr_open(argv[1], &options, &opened) != ADDERSR_OK) return Failed();
  const std::unique_ptr<addersr_engine, void (*)(addersr_engine*)> engine(opened, addersr_close);
  addersr_info info{};
  info.size = sizeof(info);
  if (addersr_get_info(engine.get(), &info) != ADDERSR_OK) return Failed();

  std::vector<uint8_t> small(size_t{kWidth} * kHeight * kChannels);
  for (size_t i = 0; i < small.size(); ++i) {
    const size_t x = i / kChannels % kWidth, y = i / kChannels / kWidth, channel = i % kChannels;
    small[i] = static_cast<uint8_t>(7 * x + 13 * y + 31 * channel);
  }
  std::vector<uint8_t> large(small.size() * static_cast<size_t>(info.scale * info.scale));
  const addersr_frame input = Rgb(&small, kWidth, kHeight);
  const addersr_frame output = Rgb(&large, info.scale * kWidth, info.scale * kHeight);
  if (addersr_upscale(engine.get(), &input, &output, nullptr) != ADDERSR_OK) return Failed();

  uint32_t checksum = 2166136261u;
  for (const uint8_t value : large) checksum = (checksum ^ value) * 16777619u;
  std::printf("%dx%d %08x\n", int{output.width}, int{output.height}, unsigned{checksum});
}
