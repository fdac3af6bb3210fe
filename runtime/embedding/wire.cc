#include "runtime/embedding/wire.h"

#include <string>

namespace addersr::embedding {
namespace {

enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

}  // namespace

uint64_t TakeVarint(std::string_view* bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (bytes->empty()) throw WireError("a number is cut short");
    const uint8_t byte = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  throw WireError("a number is too long");
}

bool Message::Next(Field* field) {
  if (rest_.empty()) return false;
  const uint64_t key = TakeVarint(&rest_);
  *field = Field{key >> 3, (key & 7) == kVarint, 0, {}};
  if (field->number == 0) throw WireError("a field has the number 0");
  uint64_t size = 0;
  switch (key & 7) {
    case kVarint:
      field->integer = TakeVarint(&rest_);
      return true;
    case kBytes:
      size = TakeVarint(&rest_);
      break;
    case kFixed32:
      size = 4;
      break;
    case kFixed64:
      size = 8;
      break;
    default:
      throw WireError("unknown field type " + std::to_string(key & 7));
  }
  if (size > rest_.size()) throw WireError("a field reaches past the end");
  field->bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

std::string_view Bytes(const Field& field) {
  if (field.is_integer) throw WireError("a message was expected, a number came");
  return field.bytes;
}

uint64_t Integer(const Field& field) {
  if (!field.is_integer) throw WireError("a number was expected, bytes came");
  return field.integer;
}

}  // namespace addersr::embedding
