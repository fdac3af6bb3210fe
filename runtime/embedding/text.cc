#include "runtime/embedding/text.h"

#include <cstddef>
#include <cstdint>

namespace addersr::embedding {
namespace {

constexpr int kDeepest = 64;

// Reads one JSON value; every function leaves `at_` behind what it read, or returns false.
class Json {
 public:
  explicit Json(std::string_view text) : text_(text) {}

  bool IsObject() {
    SkipSpace();
    return Peek() == '{' && Value(0) && (SkipSpace(), at_ == text_.size());
  }

 private:
  // The next character; '\0', which is no part of JSON outside of strings, at the end.
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void SkipSpace() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r') ++at_;
  }

  bool Take(char expected) {
    SkipSpace();
    if (Peek() != expected) return false;
    ++at_;
    return true;
  }

  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool Value(int depth) {
    if (depth > kDeepest) return false;
    SkipSpace();
    switch (Peek()) {
      case '{':
        return Members('}', [&] { return String() && Take(':') && Value(depth + 1); });
      case '[':
        return Members(']', [&] { return Value(depth + 1); });
      case '"':
        return String();
      default:
        for (const char* word : {"true", "false", "null", "NaN", "Infinity", "-Infinity"}) {
          if (TakeWord(word)) return true;
        }
        return Number();
    }
  }

  template <typename Member>
  bool Members(char end, const Member& member) {
    ++at_;
    if (Take(end)) return true;
    do {
      SkipSpace();
      if (!member()) return false;
    } while (Take(','));
    return Take(end);
  }

  bool String() {
    if (Peek() != '"') return false;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !Escape()) return false;
    }
    return false;
  }

  // Leaves `at_` at the last character of the escape.
  bool Escape() {
    ++at_;
    if (Peek() != 'u') {
      return Peek() != '\0' &&
             std::string_view("\"\\/bfnrt").find(Peek()) != std::string_view::npos;
    }
    for (int i = 0; i < 4; ++i) {
      ++at_;
      const char c = Peek();
      if (!IsDigit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) return false;
    }
    return true;
  }

  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  bool Digits() {
    if (!IsDigit(Peek())) return false;
    while (IsDigit(Peek())) ++at_;
    return true;
  }

  bool Number() {
    if (Peek() == '-') ++at_;
    if (Peek() == '0') {
      ++at_;
    } else if (!Digits()) {
      return false;
    }
    if (Peek() == '.') {
      ++at_;
      if (!Digits()) return false;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!Digits()) return false;
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const uint8_t first = static_cast<uint8_t>(text[i++]);
    if (first < 0x80) continue;
    // How many bytes follow, and between what the first of them lies: neither longer than needed,
    // nor a surrogate, nor beyond U+10FFFF.
    int more = 1;
    uint8_t low = 0x80, high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
      more = 1;
    } else if (first >= 0xE0 && first <= 0xEF) {
      more = 2;
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
      more = 3;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    for (; more > 0; --more, low = 0x80, high = 0xBF) {
      if (i >= text.size()) return false;
      const uint8_t next = static_cast<uint8_t>(text[i++]);
      if (next < low || next > high) return false;
    }
  }
  return true;
}

bool IsJsonObject(std::string_view text) { return Json(text).IsObject(); }

}  // namespace addersr::embedding
