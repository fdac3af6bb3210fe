/* Enlarges a picture: minimal_c model.onnx small.ppm large.ppm
 *
 * PPM (P6) is the simplest format of pictures: a line of text, and then RGB. */
#include <addersr.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(const char* sentence) {
  fprintf(stderr, "%s\n", sentence);
  return EXIT_FAILURE;
}

/* Memory for a frame without padding. planes[0] is NULL where there is not enough. */
static addersr_frame new_frame(int32_t width, int32_t height) {
  addersr_frame frame = {.format = ADDERSR_RGB, .width = width, .height = height};
  frame.strides[0] = (ptrdiff_t)width * 3;
  frame.planes[0] = malloc((size_t)frame.strides[0] * (size_t)height);
  return frame;
}

static int read_ppm(const char* path, addersr_frame* frame) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return 0;
  int width = 0, height = 0, most = 0;
  int good = fscanf(file, "P6 %d %d %d", &width, &height, &most) == 3 && fgetc(file) != EOF &&
             most == 255 && width > 0 && height > 0 && width < 1 << 15 && height < 1 << 15;
  if (good) {
    *frame = new_frame(width, height);
    const size_t bytes = (size_t)width * (size_t)height * 3;
    good = frame->planes[0] != NULL && fread(frame->planes[0], 1, bytes, file) == bytes;
  }
  fclose(file);
  return good;
}

static int write_ppm(const char* path, const addersr_frame* frame) {
  FILE* file = fopen(path, "wb");
  if (file == NULL) return 0;
  const size_t bytes = (size_t)frame->strides[0] * (size_t)frame->height;
  const int header = fprintf(file, "P6\n%d %d\n255\n", (int)frame->width, (int)frame->height);
  const int good = header > 0 && fwrite(frame->planes[0], 1, bytes, file) == bytes;
  return fclose(file) == 0 && good;
}

int main(int argc, char** argv) {
  if (argc != 4) return failed("usage: minimal_c model.onnx small.ppm large.ppm");

  addersr_engine* engine = NULL;
  if (addersr_open(argv[1], NULL, &engine) != ADDERSR_OK) return failed(addersr_last_error());
  addersr_info info = {.size = sizeof(info)};
  if (addersr_get_info(engine, &info) != ADDERSR_OK) return failed(addersr_last_error());

  addersr_frame small = {0};
  if (!read_ppm(argv[2], &small)) return failed("Expected the second argument to be a PPM (P6).");
  addersr_frame large = new_frame(info.scale * small.width, info.scale * small.height);
  if (large.planes[0] == NULL) return failed("There is not enough memory.");
  if (addersr_upscale(engine, &small, &large, NULL) != ADDERSR_OK) {
    return failed(addersr_last_error());
  }
  if (!write_ppm(argv[3], &large)) return failed("Could not write the third argument.");

  free(small.planes[0]);
  free(large.planes[0]);
  addersr_close(engine);
  return EXIT_SUCCESS;
}
