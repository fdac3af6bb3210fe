#pragma once

// Throws where frames and views do not lie in memory as they should.
void TestFramesAndViews();

// Throws with the line of what does not hold.
#define EXPECT(condition)                                                                        \
  do {                                                                                           \
    if (!(condition)) throw Mismatch(__FILE__ ":" + std::to_string(__LINE__) + ": " #condition); \
  } while (false)

#include <stdexcept>
#include <string>

struct Mismatch : std::logic_error {
  using std::logic_error::logic_error;
};
