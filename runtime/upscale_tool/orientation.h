// The way up of a picture, as cameras write it.
#pragma once

#include <addersr.hpp>
#include <cstddef>
#include <cstdint>

namespace addersr::tool {

// EXIF's orientation, 1 … 8, of a TIFF structure (what follows "Exif\0\0" in a JPEG). 1, which is
// upright, where there is none or the structure makes no sense.
int ReadOrientation(const uint8_t* tiff, size_t size);

// The same in the APP1 segment of a JPEG.
int ReadJpegOrientation(const uint8_t* jpeg, size_t size);

// The picture with the right side up. One plane.
Frame Upright(const Frame& frame, int orientation);

}  // namespace addersr::tool
