// What a text must be before the rest of the library believes it.
#pragma once

#include <string_view>

namespace addersr::embedding {

bool IsUtf8(std::string_view text);

// Whether json.loads of Python makes a dict of it. Nesting deeper than 64 is refused.
bool IsJsonObject(std::string_view text);

}  // namespace addersr::embedding
