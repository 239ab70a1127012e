// Numbers that JSON allows and its reader does not hold. Private to this room.
#pragma once

#include <string>
#include <string_view>

namespace farthing::nchf {

// The same text, in which numbers that are not whole or have more than 64 bits are lists of one
// text each: of no kind that a field is read as, and still different from each other.
std::string with_wide_numbers_as_lists(std::string_view json);

}  // namespace farthing::nchf
