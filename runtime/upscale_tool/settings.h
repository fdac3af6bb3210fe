// What the user asked for on the command line.
#pragma once

#include <addersr.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace addersr::tool {

struct Size {
  int32_t width = 0;
  int32_t height = 0;
};

struct Settings {
  std::string input, output;  // "-": standard
  std::string model;
  Options engine;
  std::optional<Format> raw;  // raw frames of this format …
  Size size;                  // … and this size
  uint64_t max_pixels = 0;    // of an input frame
  int jpeg_quality = 0;
  bool progress = false;
  bool quiet = false;
  bool json = false;
};

// Nothing where the program has to end at once with `status`: after --help, --version or a mistake,
// which was printed.
std::optional<Settings> ParseSettings(int argc, char** argv, int* status);

}  // namespace addersr::tool
