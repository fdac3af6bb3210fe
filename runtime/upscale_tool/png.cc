// PNG by libspng: it works on memory, is told limits before it allocates, reports every error by a
// value, and is fuzzed by its makers. It applies no gamma: the bytes of a file are its pixels.
#include <spng.h>

#include <cstdlib>
#include <memory>

#include "failure.h"
#include "orientation.h"
#include "picture.h"

namespace addersr::tool {
namespace {

using Context = std::unique_ptr<spng_ctx, void (*)(spng_ctx*)>;

// Text, profiles and so on; a hostile file could ask for more than its pictures.
constexpr size_t kMostChunk = size_t{4} << 20;
constexpr size_t kMostChunks = size_t{16} << 20;

Context NewContext(int flags) {
  Context context(spng_ctx_new(flags), spng_ctx_free);
  if (!context) throw std::bad_alloc();
  return context;
}

void CheckPng(int error, const std::string& name) {
  if (error == SPNG_EMEM) throw std::bad_alloc();
  if (error != 0) {
    throw Failure("Could not read the PNG " + name + ": " + spng_strerror(error) + ".");
  }
}

// What the pixels become: gray of up to 8 bits stays gray, transparency gives alpha.
struct Target {
  Format format;
  int spng;
};

Target TargetOf(const spng_ihdr& header, bool transparent) {
  const bool alpha = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
                     header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA || transparent;
  if (alpha) return {Format::kRgba, SPNG_FMT_RGBA8};
  if (header.color_type == SPNG_COLOR_TYPE_GRAYSCALE && header.bit_depth <= 8) {
    return {Format::kGray, SPNG_FMT_G8};
  }
  return {Format::kRgb, SPNG_FMT_RGB8};
}

}  // namespace

Picture DecodePng(const std::vector<uint8_t>& file, const std::string& name, uint64_t most_pixels) {
  const Context context = NewContext(0);
  spng_ctx* const png = context.get();
  spng_set_chunk_limits(png, kMostChunk, kMostChunks);
  CheckPng(spng_set_png_buffer(png, file.data(), file.size()), name);
  spng_ihdr header{};
  CheckPng(spng_get_ihdr(png, &header), name);
  CheckPictureSize(header.width, header.height, name, most_pixels);

  Picture picture;
  spng_trns transparency{};
  const Target target = TargetOf(header, spng_get_trns(png, &transparency) == 0);
  picture.frame.Reset(target.format, static_cast<int32_t>(header.width),
                      static_cast<int32_t>(header.height));
  CheckPng(spng_decode_image(png, picture.frame.data(), picture.frame.bytes(), target.spng,
                             SPNG_DECODE_TRNS),
           name);
  // What comes after the last pixel, with the checksum of the pixels.
  CheckPng(spng_decode_chunks(png), name);
  if (header.bit_depth == 16) {
    picture.notes.push_back(name + " has 16 bits per sample, of which the upper 8 were taken.");
  }
  spng_iccp profile{};
  if (spng_get_iccp(png, &profile) == 0) {
    const bool was_gray = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                          header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    if (was_gray && target.format != Format::kGray) {
      // It is one of gray values, and these are colours now.
      picture.notes.push_back("The colour profile of " + name + " was left out.");
    } else {
      picture.profile.name = profile.profile_name;
      picture.profile.bytes.assign(profile.profile, profile.profile + profile.profile_len);
    }
  }
  spng_exif exif{};
  if (spng_get_exif(png, &exif) == 0) {
    const int orientation =
        ReadOrientation(reinterpret_cast<const uint8_t*>(exif.data), exif.length);
    if (orientation != 1) picture.frame = Upright(picture.frame, orientation);
  }
  return picture;
}

std::vector<uint8_t> EncodePng(const Frame& frame, const ColourProfile& profile) {
  const auto check = [](int error) {
    if (error == SPNG_EMEM) throw std::bad_alloc();
    if (error != 0)
      throw Failure(std::string("Could not make the PNG: ") + spng_strerror(error) + ".");
  };
  const Context context = NewContext(SPNG_CTX_ENCODER);
  spng_ctx* const png = context.get();
  check(spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1));
  spng_ihdr header{};
  header.width = static_cast<uint32_t>(frame.width());
  header.height = static_cast<uint32_t>(frame.height());
  header.bit_depth = 8;
  header.color_type = frame.format() == Format::kGray   ? SPNG_COLOR_TYPE_GRAYSCALE
                      : frame.format() == Format::kRgba ? SPNG_COLOR_TYPE_TRUECOLOR_ALPHA
                                                        : SPNG_COLOR_TYPE_TRUECOLOR;
  check(spng_set_ihdr(png, &header));
  std::vector<char> profile_bytes(profile.bytes.begin(), profile.bytes.end());
  if (!profile_bytes.empty()) {
    spng_iccp iccp{};
    profile.name.copy(iccp.profile_name, sizeof(iccp.profile_name) - 1);
    iccp.profile = profile_bytes.data();
    iccp.profile_len = profile_bytes.size();
    check(spng_set_iccp(png, &iccp));
  }
  check(spng_encode_image(png, frame.data(), frame.bytes(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE));
  size_t size = 0;
  int error = 0;
  const std::unique_ptr<void, void (*)(void*)> encoded(spng_get_png_buffer(png, &size, &error),
                                                       std::free);
  check(error);
  const auto* bytes = static_cast<const uint8_t*>(encoded.get());
  return {bytes, bytes + size};
}

}  // namespace addersr::tool
