// JPEG by TurboJPEG, the interface of libjpeg-turbo that works on memory and returns errors: no
// jumps, and the size is known before memory is taken.
#include <turbojpeg.h>

#include <memory>

#include "failure.h"
#include "orientation.h"
#include "picture.h"

namespace addersr::tool {
namespace {

using Handle = std::unique_ptr<void, int (*)(void*)>;

Handle NewHandle(tjhandle made) {
  if (made == nullptr) throw std::bad_alloc();
  return {made, tjDestroy};
}

}  // namespace

Picture DecodeJpeg(const std::vector<uint8_t>& file, const std::string& name,
                   uint64_t most_pixels) {
  const Handle handle = NewHandle(tjInitDecompress());
  const auto check = [&](int result) {
    if (result != 0) {
      throw Failure("Could not read the JPEG " + name + ": " + tjGetErrorStr2(handle.get()) + ".");
    }
  };
  int width = 0, height = 0, sampling = 0, colours = 0;
  check(tjDecompressHeader3(handle.get(), file.data(), file.size(), &width, &height, &sampling,
                            &colours));
  // TurboJPEG takes a file that ends before its first picture for tables of a later one.
  if (width < 1 || height < 1) throw Failure("Could not read the JPEG " + name + ": no picture.");
  CheckPictureSize(static_cast<uint64_t>(width), static_cast<uint64_t>(height), name, most_pixels);
  const bool gray = colours == TJCS_GRAY;
  Picture picture;
  picture.frame.Reset(gray ? Format::kGray : Format::kRgb, width, height);
  // A warning means that pixels are missing or wrong, and scans without end are an attack.
  check(tjDecompress2(handle.get(), file.data(), file.size(), picture.frame.data(), width, 0,
                      height, gray ? TJPF_GRAY : TJPF_RGB,
                      TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS));
  const int orientation = ReadJpegOrientation(file.data(), file.size());
  if (orientation != 1) picture.frame = Upright(picture.frame, orientation);
  constexpr std::string_view kProfile("ICC_PROFILE\0", 12);
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  if (bytes.find(kProfile) != std::string_view::npos) {
    picture.notes.push_back("The colour profile of " + name + " was left out.");
  }
  return picture;
}

std::vector<uint8_t> EncodeJpeg(const Frame& frame, int quality) {
  const Handle handle = NewHandle(tjInitCompress());
  const bool gray = frame.format() == Format::kGray;
  const int pixels = gray ? TJPF_GRAY : frame.format() == Format::kRgba ? TJPF_RGBA : TJPF_RGB;
  unsigned char* encoded = nullptr;
  unsigned long size = 0;
  const int result =
      tjCompress2(handle.get(), frame.data(), frame.width(), 0, frame.height(), pixels, &encoded,
                  &size, gray ? TJSAMP_GRAY : TJSAMP_444, quality, 0);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(encoded, tjFree);
  if (result != 0) {
    throw Failure(std::string("Could not make the JPEG: ") + tjGetErrorStr2(handle.get()) + ".");
  }
  return {encoded, encoded + size};
}

}  // namespace addersr::tool
