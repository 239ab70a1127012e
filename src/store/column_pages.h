// The values of a page of numbers as Parquet encodes them: differences of neighbours, or places in
// a dictionary. Pure. Archives are mostly regular, so what repeats costs next to nothing here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace farthing::store {

// DELTA_BINARY_PACKED.
std::string delta_page(std::span<const std::int32_t> values);
std::string delta_page(std::span<const std::int64_t> values);
// The same for one value that stands `rows` times: some twenty bytes.
std::string constant_page(std::int64_t value, std::size_t rows);

// PLAIN dictionary and RLE_DICTIONARY places in it, in the order in which values first appear.
struct DictionaryPages {
    std::string dictionary;
    std::string places;
    std::uint32_t entries = 0;  // 0: the values differ too much for a dictionary
};
DictionaryPages dictionary_pages(std::span<const std::int32_t> values);
DictionaryPages dictionary_pages(std::span<const std::int64_t> values);

// The definition levels of a page: which rows have a value. The first: none has.
std::string null_levels(std::size_t rows);
std::string levels_of(std::span<const std::string_view> texts);  // those that are not empty
// DELTA_BYTE_ARRAY: of each text that is not empty what it shares with the one before, and the
// rest.
std::string delta_text_page(std::span<const std::string_view> texts);

}  // namespace farthing::store
