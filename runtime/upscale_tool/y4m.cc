#include "y4m.h"

#include <charconv>
#include <initializer_list>

#include "failure.h"

namespace addersr::tool {
namespace {

int32_t ParseSize(std::string_view digits, const char* what) {
  int32_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end || value < 1) {
    throw Failure(std::string("Expected the ") + what +
                  " of the Y4M header to be a number from 1 to " + "2147483647, got '" +
                  std::string(digits) + "'.");
  }
  return value;
}

Format ParseColours(std::string_view name) {
  for (const std::string_view known : {"420", "420jpeg", "420mpeg2", "420paldv"}) {
    if (name == known) return Format::kI420;
  }
  if (name == "mono") return Format::kGray;
  throw Failure("Expected Y4M with 8-bit samples of 4:2:0 or gray, got C" + std::string(name) +
                ". Let ffmpeg convert it: -pix_fmt yuv420p.");
}

}  // namespace

Y4mHeader ParseY4mHeader(std::string_view line) {
  if (line.substr(0, kY4mMagic.size()) != kY4mMagic ||
      (line.size() > kY4mMagic.size() && line[kY4mMagic.size()] != ' ')) {
    throw Failure("Expected a Y4M header, which begins with YUV4MPEG2.");
  }
  Y4mHeader header;
  line.remove_prefix(kY4mMagic.size());
  while (!line.empty()) {
    line.remove_prefix(1);  // the space
    const std::string_view parameter = line.substr(0, line.find(' '));
    line.remove_prefix(parameter.size());
    if (parameter.empty()) continue;
    const std::string_view value = parameter.substr(1);
    switch (parameter.front()) {
      case 'W':
        header.width = ParseSize(value, "width");
        continue;
      case 'H':
        header.height = ParseSize(value, "height");
        continue;
      case 'C':
        header.format = ParseColours(value);
        break;
      case 'I':
        if (value != "p" && value != "?") {
          throw Failure("Expected progressive video, got interlaced Y4M (I" + std::string(value) +
                        "). Let ffmpeg's filter bwdif make whole pictures of it: -vf bwdif.");
        }
        break;
      default:
        break;
    }
    header.others += " " + std::string(parameter);
  }
  if (header.width == 0 || header.height == 0) {
    throw Failure("Expected a Y4M header with a width and a height, got one without.");
  }
  return header;
}

std::string Y4mHeaderLine(const Y4mHeader& header, int32_t width, int32_t height) {
  return std::string(kY4mMagic) + " W" + std::to_string(width) + " H" + std::to_string(height) +
         header.others + "\n";
}

bool IsY4mFrame(std::string_view line) {
  return line.substr(0, kY4mFrame.size()) == kY4mFrame &&
         (line.size() == kY4mFrame.size() || line[kY4mFrame.size()] == ' ');
}

}  // namespace addersr::tool
