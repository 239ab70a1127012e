// A vector of 16 bytes, for what stands by the million and is mostly empty.
#pragma once

#include <boost/container/options.hpp>
#include <boost/container/vector.hpp>
#include <cstdint>

namespace farthing {

template <class T>
using LeanVector = boost::container::vector<
    T, void, boost::container::vector_options_t<boost::container::stored_size<std::uint32_t>>>;

}  // namespace farthing
