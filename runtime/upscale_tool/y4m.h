// The header of Y4M, the format in which ffmpeg and mpv pipe video: a line of text, and then
// frames, each after a line that begins with FRAME. https://wiki.multimedia.cx/index.php/YUV4MPEG2
#pragma once

#include <addersr.hpp>
#include <string>
#include <string_view>

namespace addersr::tool {

inline constexpr std::string_view kY4mMagic = "YUV4MPEG2";
inline constexpr std::string_view kY4mFrame = "FRAME";
// Far more than any program writes.
inline constexpr size_t kY4mMostLine = 1024;

struct Y4mHeader {
  Format format = Format::kI420;  // or gray
  int32_t width = 0;
  int32_t height = 0;
  std::string others;  // parameters that are handed on as they are: " F25:1 Ip C420jpeg"
};

// The line, without its line feed. Throws Failure: not Y4M, no size, or samples that are not 8 bits
// of 4:2:0 or gray, or interlaced pictures.
Y4mHeader ParseY4mHeader(std::string_view line);

// The line for frames of another size, with its line feed.
std::string Y4mHeaderLine(const Y4mHeader& header, int32_t width, int32_t height);

// Whether a line between two frames is one. Its parameters are optional and rare.
bool IsY4mFrame(std::string_view line);

}  // namespace addersr::tool
