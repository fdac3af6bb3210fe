// Bytes from a file or standard input, and to a file or standard output. "-" is the standard one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace addersr::tool {

// All functions throw Failure where the system does not read, and Interrupted after a signal.
class Input {
 public:
  explicit Input(const std::string& path);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  const std::string& name() const { return name_; }

  // Up to `count` bytes that the next Read gives too; fewer at the end.
  std::string_view Peek(size_t count);
  // Fewer than `count` bytes only at the end.
  size_t Read(void* bytes, size_t count);
  // Up to a line feed, which is taken but not returned. Throws Failure where none comes within
  // `most` bytes; `what` names the line.
  std::string ReadLine(size_t most, const std::string& what);
  // All that is left. Throws Failure where that is more than `most` bytes.
  std::vector<uint8_t> ReadAll(size_t most);

 private:
  size_t ReadSome(void* bytes, size_t count);

  std::string name_;
  int descriptor_;
  std::string ahead_;  // read, not yet taken
};

// A file appears under its name only with Commit: until then, and for ever if there is none, it
// lies beside it under another name, which the destructor removes.
class Output {
 public:
  explicit Output(const std::string& path);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  const std::string& name() const { return name_; }

  // Throws Failure: the disk is full, or who read standard output has gone.
  void Write(const void* bytes, size_t count);
  void Commit();

 private:
  std::string name_;
  std::string target_;     // "": written in place
  std::string temporary_;  // "": none
  int descriptor_;
};

}  // namespace addersr::tool
