// PNG and JPEG in memory ↔ a frame.
#pragma once

#include <addersr.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace addersr::tool {

// What a PNG can say of its colours.
struct ColourProfile {
  std::string name;
  std::vector<uint8_t> bytes;  // ICC; empty: none
};

struct Picture {
  Frame frame;  // RGB, RGBA or gray
  ColourProfile profile;
  std::vector<std::string> notes;  // sentences about what was in the file and is not here
};

enum class PictureFile { kPng, kJpeg };

bool IsPng(std::string_view start);
bool IsJpeg(std::string_view start);
// By the end of a file's name. Throws Failure: neither of them.
PictureFile PictureFileOf(const std::string& path);

// `name` stands in sentences. Pictures are turned as their EXIF orientation asks. Throws Failure:
// damaged, ended early, or of more than `most_pixels`, which is known before memory is taken for
// them.
Picture DecodePng(const std::vector<uint8_t>& file, const std::string& name, uint64_t most_pixels);
Picture DecodeJpeg(const std::vector<uint8_t>& file, const std::string& name, uint64_t most_pixels);

std::vector<uint8_t> EncodePng(const Frame& frame, const ColourProfile& profile);
// 4:4:4. `quality` is 1 … 100. Alpha is left out.
std::vector<uint8_t> EncodeJpeg(const Frame& frame, int quality);

// Throws Failure. Both sides at least 1, and few enough pixels.
void CheckPictureSize(uint64_t width, uint64_t height, const std::string& name,
                      uint64_t most_pixels);

}  // namespace addersr::tool
