// Reading protobuf's wire format, bounded: the fields of one message after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace addersr::embedding {

// What is wrong with bytes that are no message, as the end of a sentence.
class WireError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Field {
  uint64_t number;
  bool is_integer;
  uint64_t integer;        // of a field that is one
  std::string_view bytes;  // of every other field; numbers of fixed size come as their bytes
};

class Message {
 public:
  explicit Message(std::string_view bytes) : rest_(bytes) {}

  // The next field into `field`; false at the end. Throws WireError.
  bool Next(Field* field);

 private:
  std::string_view rest_;
};

// Throws WireError unless the field holds a message or a text.
std::string_view Bytes(const Field& field);
// Throws WireError unless the field holds an integer.
uint64_t Integer(const Field& field);

// An integer by itself in front of `bytes`, which are cut by it. Throws WireError.
uint64_t TakeVarint(std::string_view* bytes);

}  // namespace addersr::embedding
