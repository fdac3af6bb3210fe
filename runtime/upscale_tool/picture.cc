#include "picture.h"

#include <algorithm>
#include <cctype>

#include "failure.h"

namespace addersr::tool {

bool IsPng(std::string_view start) {
  constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
  return start.substr(0, kSignature.size()) == kSignature;
}

bool IsJpeg(std::string_view start) { return start.substr(0, 3) == "\xFF\xD8\xFF"; }

PictureFile PictureFileOf(const std::string& path) {
  const size_t dot = path.rfind('.');
  std::string end = dot == std::string::npos ? "" : path.substr(dot + 1);
  std::transform(end.begin(), end.end(), end.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (end == "png") return PictureFile::kPng;
  if (end == "jpg" || end == "jpeg") return PictureFile::kJpeg;
  throw Failure("Expected the name of an enlarged picture to end in .png, .jpg or .jpeg, got " +
                path + ".");
}

void CheckPictureSize(uint64_t width, uint64_t height, const std::string& name,
                      uint64_t most_pixels) {
  // Both are below 2^32, so the product cannot overflow.
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  constexpr uint64_t kMostSide = INT32_MAX;
  if (width < 1 || height < 1 || width > kMostSide || height > kMostSide ||
      width * height > most_pixels) {
    throw Failure("Expected frames of 1 to " + std::to_string(most_pixels) + " pixels, got " +
                  size + " in " + name + ". --max-pixels allows more.");
  }
}

}  // namespace addersr::tool
