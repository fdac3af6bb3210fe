#include "settings.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>

namespace addersr::tool {
namespace {

constexpr uint64_t kMemoryLimit = 1000000000;
constexpr int kUsage = 2;
constexpr uint64_t kMaxPixels = 100'000'000;
constexpr int kJpegQuality = 95;
constexpr int kMostTile = 16384;  // addersr_options

constexpr char kDescription[] =
    "Enlarge a picture, or a video that is piped through, with a super-resolution model.\n"
    "\n"
    "INPUT is a PNG, a JPEG, Y4M, or with --raw nothing but frames; the first three are known by "
    "their\n"
    "first bytes. The result is the same kind of thing, a picture what the name of OUTPUT says. - "
    "stands\n"
    "for standard input and output.\n";

constexpr char kExamples[] =
    "Examples:\n"
    "  addersr-upscale -m tiny-x2-adder-u8.onnx small.png large.png\n"
    "  ffmpeg -i in.mp4 -f yuv4mpegpipe - \\\n"
    "    | addersr-upscale -m tiny-x2-adder-u8.onnx - - \\\n"
    "    | ffmpeg -f yuv4mpegpipe -i - out.mp4\n"
    "  addersr-upscale -m model.onnx --raw nv12 --size 640x360 small.nv12 large.nv12\n"
    "  addersr-upscale -m model.onnx --memory-limit 500M huge.png larger.png\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

// ffmpeg's names.
const std::map<std::string, Format> kRawFormats = {
    {"rgb24", Format::kRgb}, {"bgr24", Format::kBgr}, {"rgba", Format::kRgba},
    {"gray", Format::kGray}, {"nv12", Format::kNv12}, {"yuv420p", Format::kI420}};

// "640x360". An empty string, or what is wrong with it.
std::string ParseSize(const std::string& text, Size* size) {
  const char* const end = text.data() + text.size();
  const auto [x, error] = std::from_chars(text.data(), end, size->width);
  if (error == std::errc() && x != end && *x == 'x') {
    const auto [stop, second_error] = std::from_chars(x + 1, end, size->height);
    if (second_error == std::errc() && stop == end && size->width > 0 && size->height > 0)
      return "";
  }
  return "Expected WIDTHxHEIGHT in pixels, like 640x360, got " + text + ".";
}

}  // namespace

std::optional<Settings> ParseSettings(int argc, char** argv, int* status) {
  Settings settings;
  settings.max_pixels = kMaxPixels;
  settings.jpeg_quality = kJpegQuality;
  settings.progress = isatty(STDERR_FILENO) != 0;

  CLI::App app(kDescription, "addersr-upscale");
  app.footer(kExamples);
  // Of an option that is given twice the last counts, so that scripts can have defaults.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_version_flag("--version", "addersr-upscale " + Version());
  app.add_option("INPUT", settings.input, "File, or -")->required();
  app.add_option("OUTPUT", settings.output, "File, or -")->required();
  app.add_option("-m,--model", settings.model, "What addersr export or quantize wrote (.onnx)")
      ->required()
      ->type_name("FILE");
  app.add_option("--threads", settings.engine.threads, "For one frame; default: all cores")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
  app.add_option("--tile", settings.engine.tile,
                 "Side of the tiles in pixels; default: what the memory limit allows")
      ->check(CLI::Range(0, kMostTile))
      ->type_name("N");
  app.add_option("--memory-limit", settings.engine.memory_limit,
                 "What the model may use beside the frames, like 500M, which chooses the tiles; "
                 "default: 1G, unless --tile is given")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("BYTES");
  std::string raw;
  CLI::Option* const raw_option =
      app.add_option("--raw", raw,
                     "Frames without any header: rgb24, bgr24, rgba, gray, nv12, yuv420p")
          ->check(CLI::IsMember(kRawFormats))
          ->type_name("FORMAT");
  app.add_option_function<std::string>(
         "--size",
         [&settings](const std::string& text) {
           const std::string wrong = ParseSize(text, &settings.size);
           if (!wrong.empty()) throw CLI::ValidationError("--size", wrong);
         },
         "Of the frames of --raw")
      ->needs(raw_option)
      ->type_name("WxH");
  app.add_option("--max-pixels", settings.max_pixels, "Of one input frame")
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--jpeg-quality", settings.jpeg_quality, "Of a .jpg OUTPUT")
      ->check(CLI::Range(1, 100))
      ->capture_default_str()
      ->type_name("N");
  app.add_option(
         "--onnxruntime", settings.engine.runtime_library,
         "File of libonnxruntime; default: $ADDERSR_ONNXRUNTIME, then where it usually lies")
      ->type_name("FILE");
  app.add_flag("--progress,!--no-progress", settings.progress,
               "Show progress; default: on a terminal");
  app.add_flag("-q,--quiet", settings.quiet, "Print nothing but errors");
  app.add_flag("--json", settings.json,
               "Print a summary as JSON, to standard error where OUTPUT is -");

  try {
    app.parse(argc, argv);
    if (!raw.empty() && settings.size.width == 0) {
      throw CLI::RequiresError("--raw", "--size");
    }
  } catch (const CLI::ParseError& end) {
    // --help and --version come this way too, with 0.
    *status = app.exit(end) == 0 ? 0 : kUsage;
    return std::nullopt;
  }
  if (!raw.empty()) settings.raw = kRawFormats.at(raw);
  if (settings.engine.tile == 0 && settings.engine.memory_limit == 0) {
    settings.engine.memory_limit = kMemoryLimit;
  }
  return settings;
}

}  // namespace addersr::tool
