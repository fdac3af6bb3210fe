#include "convolution_cases.h"

#include <cstdio>
#include <cstdlib>

namespace addersr::test {
namespace {

using convolution::Attributes;
using convolution::AutoPad;

Attributes With(std::vector<int64_t> pads, std::vector<int64_t> strides = {1, 1},
                std::vector<int64_t> dilations = {1, 1}, int64_t group = 1) {
  Attributes a;
  for (int i = 0; i < 4; ++i) a.pads[i] = pads[i];
  for (int i = 0; i < 2; ++i) a.strides[i] = strides[i];
  for (int i = 0; i < 2; ++i) a.dilations[i] = dilations[i];
  a.group = group;
  return a;
}

std::vector<ConvolutionCase> Build() {
  const Attributes padded = With({1, 1, 1, 1});
  std::vector<ConvolutionCase> cases = {
      {"kernel_1x1", {1, 17, 4, 6}, {9, 17, 1, 1}},
      {"kernel_2x3_padded", {1, 3, 5, 7}, {8, 3, 2, 3}, With({1, 0, 0, 2})},
      {"kernel_5x5", {1, 5, 9, 8}, {6, 5, 5, 5}, With({2, 2, 2, 2})},
      {"image_1x1", {1, 8, 1, 1}, {16, 8, 1, 1}},
      {"image_1x1_padded", {1, 3, 1, 1}, {4, 3, 3, 3}, padded},
      {"image_smaller_than_kernel", {1, 3, 2, 3}, {4, 3, 5, 7}, With({2, 3, 2, 3})},
      {"image_between_its_pads", {1, 2, 1, 2}, {3, 2, 2, 2}, With({4, 3, 2, 5})},
      {"image_empty", {1, 2, 0, 5}, {3, 2, 1, 1}, padded},
      {"pads_all_different", {1, 3, 6, 7}, {8, 3, 3, 3}, With({0, 1, 2, 3})},
      {"stride_2", {1, 8, 9, 12}, {16, 8, 3, 3}, With({1, 1, 1, 1}, {2, 2})},
      {"stride_over_kernel", {1, 3, 9, 10}, {5, 3, 2, 2}, With({0, 0, 0, 0}, {4, 3})},
      {"dilation_2", {1, 3, 9, 11}, {8, 3, 3, 3}, With({2, 2, 2, 2}, {1, 1}, {2, 2})},
      {"dilation_3x2_stride_2x1", {1, 4, 12, 9}, {3, 4, 2, 3}, With({1, 0, 2, 1}, {2, 1}, {3, 2})},
      {"groups_3_of_17_filters",
       {1, 6, 4, 9},
       {51, 2, 3, 3},
       With({1, 1, 1, 1}, {1, 1}, {1, 1}, 3)},
      {"depthwise", {1, 17, 5, 7}, {17, 1, 3, 3}, With({1, 1, 1, 1}, {1, 1}, {1, 1}, 17)},
      {"groups_stride_dilation", {2, 4, 9, 9}, {6, 2, 3, 3}, With({1, 1, 1, 1}, {2, 3}, {2, 1}, 2)},
      {"batch_3", {3, 8, 5, 9}, {9, 8, 3, 3}, padded},
      {"batch_empty", {0, 3, 5, 9}, {8, 3, 3, 3}, padded},
      {"several_items", {2, 3, 37, 11}, {5, 3, 3, 3}, padded},
  };
  // Channels in and out: below, at, between and above the widths of vectors and panels.
  const int64_t channels[][2] = {{1, 1},   {3, 3},   {1, 16},  {16, 1},  {4, 4},
                                 {8, 8},   {7, 9},   {16, 16}, {16, 17}, {17, 16},
                                 {17, 23}, {24, 24}, {33, 32}, {32, 33}};
  for (const auto& [in, out] : channels) {
    cases.push_back({"channels_" + std::to_string(in) + "_to_" + std::to_string(out),
                     {1, in, 3, 9},
                     {out, in, 3, 3},
                     padded});
  }
  // Widths around every tile border.
  for (int64_t width = 1; width <= 26; ++width) {
    cases.push_back({"width_" + std::to_string(width), {1, 3, 2, width}, {17, 3, 3, 3}, padded});
  }
  for (const auto& [name, mode] : {std::pair{"same_upper", AutoPad::kSameUpper},
                                   {"same_lower", AutoPad::kSameLower},
                                   {"valid", AutoPad::kValid}}) {
    Attributes a;
    a.auto_pad = mode;
    a.strides[0] = 2;
    cases.push_back({name, {1, 3, 7, 10}, {8, 3, 2, 4}, a});
  }
  return cases;
}

}  // namespace

convolution::Geometry ConvolutionCase::geometry() const {
  convolution::Geometry g;
  const std::string error = convolution::Resolve("A test case", attributes, x, w, &g);
  if (!error.empty()) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), error.c_str());
    std::abort();
  }
  return g;
}

std::ostream& operator<<(std::ostream& out, const ConvolutionCase& one) {
  const Attributes& a = one.attributes;
  const auto list = [&out](const char* name, const int64_t* values, int count) {
    out << name;
    for (int i = 0; i < count; ++i) out << (i == 0 ? "" : "x") << values[i];
  };
  out << one.name;
  list(": X ", one.x, 4);
  list(", W ", one.w, 4);
  list(", pads ", a.pads, 4);
  list(", strides ", a.strides, 2);
  list(", dilations ", a.dilations, 2);
  return out << ", group " << a.group << ", auto_pad " << static_cast<int>(a.auto_pad);
}

const std::vector<ConvolutionCase>& ConvolutionCases() {
  static const auto& cases = *new std::vector<ConvolutionCase>(Build());
  return cases;
}

int64_t Uniform(std::mt19937* random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>((*random)() % static_cast<uint64_t>(high - low + 1));
}

ConvolutionCase RandomConvolutionCase(std::mt19937* random) {
  const auto draw = [random](int64_t low, int64_t high) { return Uniform(random, low, high); };
  for (;;) {
    ConvolutionCase one;
    one.name = "random";
    Attributes& a = one.attributes;
    a.group = draw(0, 2) == 0 ? draw(2, 3) : 1;
    one.w[1] = draw(1, 20);
    one.x[0] = draw(0, 8) == 0 ? 0 : draw(1, 2);
    one.x[1] = one.w[1] * a.group;
    one.w[0] = draw(1, 36) * a.group;
    for (int i = 2; i < 4; ++i) one.x[i] = draw(1, 14);
    for (int i = 2; i < 4; ++i) one.w[i] = draw(1, 4);
    const AutoPad modes[] = {AutoPad::kNotSet, AutoPad::kNotSet, AutoPad::kValid,
                             AutoPad::kSameUpper, AutoPad::kSameLower};
    a.auto_pad = modes[draw(0, 4)];
    for (int64_t& stride : a.strides) stride = draw(1, 3);
    for (int64_t& dilation : a.dilations) dilation = draw(1, 3);
    if (a.auto_pad == AutoPad::kNotSet) {
      for (int64_t& pad : a.pads) pad = draw(0, 4);
    }
    convolution::Geometry g;
    if (convolution::Resolve("A random case", a, one.x, one.w, &g).empty()) return one;
  }
}

int RandomCaseCount() {
  const char* count = std::getenv("ADDERSR_RANDOM_CASES");
  return count == nullptr ? 300 : std::atoi(count);
}

}  // namespace addersr::test
