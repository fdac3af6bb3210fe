/* A program in C11 that enlarges one picture: program model.onnx [file of libonnxruntime]
 *
 * Prints the size of the result and its checksum (FNV-1a, 32 bits). */
#include <addersr.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDTH = 45, HEIGHT = 31, CHANNELS = 3 };

static addersr_frame rgb(uint8_t* pixels, int32_t width, int32_t height) {
  addersr_frame frame = {ADDERSR_RGB, width, height, {pixels}, {(ptrdiff_t)width * CHANNELS}};
  return frame;
}

static int failed(void) {
  fprintf(stderr, "%s\n", addersr_last_error());
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  addersr_options options;
  addersr_options_init(&options);
  options.threads = 1;
  if (argc > 2) options.runtime_library = argv[2];
  addersr_engine* engine = NULL;
  if (addersr_open(argv[1], &options, &engine) != ADDERSR_OK) return failed();
  addersr_info info = {.size = sizeof(info)};
  if (addersr_get_info(engine, &info) != ADDERSR_OK) return failed();

  static uint8_t small[WIDTH * HEIGHT * CHANNELS];
  for (int i = 0; i < (int)sizeof(small); ++i) {
    const int x = i / CHANNELS % WIDTH, y = i / CHANNELS / WIDTH, channel = i % CHANNELS;
    small[i] = (uint8_t)(7 * x + 13 * y + 31 * channel);
  }
  const size_t bytes = sizeof(small) * (size_t)(info.scale * info.scale);
  uint8_t* large = malloc(bytes);
  if (large == NULL) return 1;
  const addersr_frame input = rgb(small, WIDTH, HEIGHT);
  const addersr_frame output = rgb(large, info.scale * WIDTH, info.scale * HEIGHT);
  if (addersr_upscale(engine, &input, &output, NULL) != ADDERSR_OK) return failed();

  uint32_t checksum = 2166136261u;
  for (size_t i = 0; i < bytes; ++i) checksum = (checksum ^ large[i]) * 16777619u;
  printf("%dx%d %08x\n", (int)output.width, (int)output.height, (unsigned)checksum);
  free(large);
  addersr_close(engine);
  return 0;
}
