#include "runtime/embedding/text.h"

#include <gtest/gtest.h>

#include <string>

namespace addersr::embedding {
namespace {

TEST(Text, KnowsUtf8) {
  for (const char* good : {"", "ascii", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                           "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  // Cut short, too long for what it says, a surrogate, beyond the last character, a stray byte.
  for (const char* bad : {"\xC3", "a\xE2\x82", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\x80", "\xFF", "\xC3(", "\xF0\x8F\xBF\xBF"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(Text, KnowsJsonObjects) {
  for (const char* good :
       {"{}", " { } ", R"({"a": 1})",
        R"({"a": [1, 2.5e-3, -0, true, false, null], "b": {"c": ""}})", R"({"\u00e4\n\"": "\\"})",
        R"({"a": NaN, "b": -Infinity})", R"({"a": 1E+9})"}) {
    EXPECT_TRUE(IsJsonObject(good)) << good;
  }
  for (const char* bad : {"",
                          "[]",
                          "1",
                          "{",
                          "}",
                          "{}}",
                          R"({"a"})",
                          R"({"a": })",
                          R"({"a": 1,})",
                          R"({a: 1})",
                          R"({"a": 01})",
                          R"({"a": .5})",
                          R"({"a": 1.})",
                          R"({"a": "\x"})",
                          R"({"a": "\u12g4"})",
                          "{\"a\": \"\n\"}",
                          R"({"a": "})",
                          R"({"a": tru})",
                          R"({"a": +1})",
                          R"({"a": [1})",
                          "{,}",
                          R"({"a": "\)",
                          R"({"a": "\u1)"}) {
    EXPECT_FALSE(IsJsonObject(bad)) << bad;
  }
  EXPECT_FALSE(IsJsonObject(std::string_view("{\0}", 3)));
}

TEST(Text, RefusesJsonThatIsNestedTooDeeply) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "{\"a\":";
    text += "1";
    for (int i = 0; i < depth; ++i) text += "}";
    return text;
  };
  EXPECT_TRUE(IsJsonObject(nested(64)));
  EXPECT_FALSE(IsJsonObject(nested(65)));
  EXPECT_FALSE(IsJsonObject(std::string(1 << 20, '[')));
  EXPECT_FALSE(IsJsonObject("{\"a\":" + std::string(1 << 20, '[')));
}

}  // namespace
}  // namespace addersr::embedding
