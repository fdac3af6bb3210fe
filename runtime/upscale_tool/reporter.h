// What the tool prints: progress, notes, and the summary at the end.
#pragma once

#include <addersr.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "settings.h"

namespace addersr::tool {

struct Summary {
  std::string input, output;
  Format format = Format::kRgb;
  int32_t width = 0, height = 0;  // of the input
  int64_t frames = 0;
};

class Reporter {
 public:
  explicit Reporter(const Settings& settings);
  ~Reporter();

  void Note(const std::string& sentence);
  // Of a picture, and of a video whose length nobody knows.
  void Tiles(int32_t done, int32_t total);
  void Frames(int64_t done);
  void Finish(const Summary& summary, const Engine& engine);

 private:
  void Line(const std::string& text);
  double Seconds() const;

  bool progress_;
  bool quiet_;
  bool json_;
  bool to_stderr_;
  bool line_open_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_line_;
};

}  // namespace addersr::tool
