#include "reporter.h"

#include <array>
#include <cstdio>

#include "failure.h"

namespace addersr::tool {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenLines{100};

const char* NameOf(Format format) {
  switch (format) {
    case Format::kRgb:
      return "rgb24";
    case Format::kBgr:
      return "bgr24";
    case Format::kRgba:
      return "rgba";
    case Format::kGray:
      return "gray";
    case Format::kNv12:
      return "nv12";
    case Format::kI420:
      return "yuv420p";
  }
  return "unknown";
}

template <typename... Arguments>
std::string Text(const char* format, Arguments... arguments) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), format, arguments...);
  return text.data();
}

// A string of JSON. Names of files may hold anything: what is not ASCII goes as it is.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
      quoted += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      quoted += Text("\\u%04x", static_cast<unsigned>(letter));
    } else {
      quoted += letter;
    }
  }
  return quoted + "\"";
}

}  // namespace

Reporter::Reporter(const Settings& settings)
    : progress_(settings.progress && !settings.quiet),
      quiet_(settings.quiet),
      json_(settings.json),
      to_stderr_(settings.output == "-"),
      start_(Clock::now()) {}

Reporter::~Reporter() {
  if (line_open_) std::fputc('\n', stderr);
}

double Reporter::Seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Reporter::Note(const std::string& sentence) {
  if (!quiet_) std::fprintf(stderr, "note: %s\n", sentence.c_str());
}

void Reporter::Line(const std::string& text) {
  const Clock::time_point now = Clock::now();
  if (line_open_ && now - last_line_ < kBetweenLines) return;
  last_line_ = now;
  line_open_ = true;
  std::fprintf(stderr, "\r%s\x1b[K", text.c_str());
}

void Reporter::Tiles(int32_t done, int32_t total) {
  if (progress_) Line(Text("%d of %d tiles", static_cast<int>(done), static_cast<int>(total)));
}

void Reporter::Frames(int64_t done) {
  if (progress_) {
    Line(Text("frame %lld, %.1f a second", static_cast<long long>(done),
              static_cast<double>(done) / Seconds()));
  }
}

void Reporter::Finish(const Summary& summary, const Engine& engine) {
  if (line_open_) std::fputs("\r\x1b[K", stderr);
  line_open_ = false;
  const double seconds = Seconds();
  const double speed = static_cast<double>(summary.frames) / seconds;
  const Info info = engine.info();
  if (json_) {
    const std::string json =
        "{\"input\": " + Quoted(summary.input) + ", \"output\": " + Quoted(summary.output) +
        ", \"format\": " + Quoted(NameOf(summary.format)) +
        Text(", \"width\": %d, \"height\": %d, \"scale\": %d, \"frames\": %lld", summary.width,
             summary.height, info.scale, static_cast<long long>(summary.frames)) +
        Text(", \"seconds\": %.6f, \"frames_per_second\": %.3f", seconds, speed) +
        ", \"model\": {\"architecture\": " + Quoted(info.architecture) +
        ", \"kind\": " + Quoted(info.kind) + ", \"colour\": " + Quoted(info.colour) +
        ", \"precision\": " + Quoted(info.precision) + "}, \"kernel\": " + Quoted(info.kernel) +
        ", \"onnxruntime\": " + Quoted(info.runtime) + ", \"version\": " + Quoted(Version()) +
        "}\n";
    std::FILE* const stream = to_stderr_ ? stderr : stdout;
    if (std::fputs(json.c_str(), stream) < 0 || std::fflush(stream) != 0) {
      throw Failure("Could not write the summary: is standard output full or closed?");
    }
  } else if (!quiet_) {
    std::fprintf(stderr, "%s: %lld %s of %dx%d, %.2f s", summary.output.c_str(),
                 static_cast<long long>(summary.frames), summary.frames == 1 ? "frame" : "frames",
                 summary.width * info.scale, summary.height * info.scale, seconds);
    std::fputs(summary.frames > 1 ? Text(", %.1f frames a second\n", speed).c_str() : "\n", stderr);
  }
}

}  // namespace addersr::tool
