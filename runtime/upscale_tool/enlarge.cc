#include "enlarge.h"

#include <limits>

#include "failure.h"
#include "interruption.h"
#include "picture.h"
#include "streams.h"
#include "y4m.h"

namespace addersr::tool {
namespace {

constexpr size_t kMostPictureBytes = size_t{1} << 30;

int32_t Larger(int32_t side, int32_t scale) {
  if (side > std::numeric_limits<int32_t>::max() / scale) {
    throw Failure("Frames of " + std::to_string(side) + " pixels a side are too large to be " +
                  std::to_string(scale) + " times as large.");
  }
  return side * scale;
}

Summary EnlargePicture(const Settings& settings, const Engine& engine, bool png, Input* input,
                       Reporter* reporter) {
  const PictureFile kind =
      settings.output == "-" ? PictureFile::kPng : PictureFileOf(settings.output);
  const std::vector<uint8_t> file = input->ReadAll(kMostPictureBytes);
  Picture picture = (png ? DecodePng : DecodeJpeg)(file, input->name(), settings.max_pixels);
  for (const std::string& note : picture.notes) reporter->Note(note);
  if (kind == PictureFile::kJpeg) {
    if (picture.frame.format() == Format::kRgba) {
      reporter->Note("A JPEG has no transparency; it was left out.");
    }
    if (!picture.profile.bytes.empty()) reporter->Note("The colour profile was left out.");
  }
  const Frame& small = picture.frame;
  const Frame large = engine.Upscale(small, [&](int32_t done, int32_t total) {
    reporter->Tiles(done, total);
    return !WasInterrupted();
  });
  const std::vector<uint8_t> encoded = kind == PictureFile::kPng
                                           ? EncodePng(large, picture.profile)
                                           : EncodeJpeg(large, settings.jpeg_quality);
  Output output(settings.output);
  output.Write(encoded.data(), encoded.size());
  output.Commit();
  return {input->name(), output.name(), small.format(), small.width(), small.height(), 1};
}

// Y4M has a line before each frame, raw frames follow one another.
Summary EnlargeVideo(const Settings& settings, const Engine& engine, const Y4mHeader* header,
                     Input* input, Reporter* reporter) {
  const Format format = header != nullptr ? header->format : *settings.raw;
  const Size size = header != nullptr ? Size{header->width, header->height} : settings.size;
  CheckPictureSize(static_cast<uint64_t>(size.width), static_cast<uint64_t>(size.height),
                   input->name(), settings.max_pixels);
  const int32_t scale = engine.scale();
  Frame small(format, size.width, size.height);
  Frame large(format, Larger(size.width, scale), Larger(size.height, scale));
  Output output(settings.output);
  if (header != nullptr) {
    const std::string line = Y4mHeaderLine(*header, large.width(), large.height());
    output.Write(line.data(), line.size());
  }
  int64_t frames = 0;
  while (!input->Peek(1).empty()) {
    const std::string which = "frame " + std::to_string(frames + 1);
    if (header != nullptr) {
      const std::string line = input->ReadLine(kY4mMostLine, "the header of " + which);
      if (!IsY4mFrame(line)) {
        throw Failure("Expected the header of " + which + " of " + input->name() +
                      " to be FRAME; the file is damaged.");
      }
    }
    const size_t got = input->Read(small.data(), small.bytes());
    if (got < small.bytes()) {
      throw Failure("Expected " + std::to_string(small.bytes()) + " bytes of " + which + ", but " +
                    input->name() + " ended after " + std::to_string(got) +
                    (header != nullptr ? "; the file is damaged." : ". Check --raw and --size."));
    }
    engine.Upscale(small, large, [](int32_t, int32_t) { return !WasInterrupted(); });
    if (header != nullptr) output.Write("FRAME\n", 6);
    output.Write(large.data(), large.bytes());
    reporter->Frames(++frames);
  }
  if (frames == 0) throw Failure("Expected frames in " + input->name() + ", got none.");
  output.Commit();
  return {input->name(), output.name(), format, size.width, size.height, frames};
}

}  // namespace

Summary Enlarge(const Settings& settings, const Engine& engine, Reporter* reporter) {
  Input input(settings.input);
  if (settings.raw) return EnlargeVideo(settings, engine, nullptr, &input, reporter);
  const std::string_view start = input.Peek(kY4mMagic.size());
  if (start == kY4mMagic) {
    const Y4mHeader header = ParseY4mHeader(input.ReadLine(kY4mMostLine, "the Y4M header"));
    return EnlargeVideo(settings, engine, &header, &input, reporter);
  }
  const bool png = IsPng(start);
  if (png || IsJpeg(start)) return EnlargePicture(settings, engine, png, &input, reporter);
  throw Failure("Expected a PNG, a JPEG or Y4M, got " + input.name() +
                ", which begins like none of them. Frames without a header need --raw and --size.");
}

}  // namespace addersr::tool
