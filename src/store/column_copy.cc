#include "store/column_copy.h"

#include <iterator>

namespace farthing::store {

namespace {

bool is_wide(ColumnType type) {
    switch (type) {
        case ColumnType::int64:
        case ColumnType::uint64:
        case ColumnType::timestamp: return true;
        case ColumnType::int32:
        case ColumnType::uint8:
        case ColumnType::uint16:
        case ColumnType::uint32:
        case ColumnType::date:
        case ColumnType::text:
        case ColumnType::bytes: return false;
    }
    return false;
}

template <class Value>
void append(std::vector<Value>& to, std::vector<Value> more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Result<void> read_column(ParquetReader& reader, int group, const ArchiveTable& table, int column,
                         ColumnValues& values) {
    if (is_text(table.columns[static_cast<std::size_t>(column)].type)) {
        FARTHING_TRY(auto texts, reader.texts(group, column));
        append(values.texts, std::move(texts));
    } else {
        FARTHING_TRY(auto numbers, reader.numbers(group, column));
        append(values.numbers, std::move(numbers));
    }
    return {};
}

Result<void> write_column(ParquetWriter& writer, const ArchiveColumn& about,
                          const ColumnValues& values, std::span<const std::uint32_t> rows) {
    if (is_text(about.type)) {
        std::vector<std::string_view> texts;
        bool any = false;
        for (const std::uint32_t row : rows) {
            texts.push_back(values.texts[row]);
            any = any || !texts.back().empty();
        }
        return any ? writer.write(texts) : writer.write_nulls();
    }
    if (is_wide(about.type)) {
        std::vector<std::int64_t> numbers;
        for (const std::uint32_t row : rows) numbers.push_back(values.numbers[row]);
        return writer.write(numbers);
    }
    std::vector<std::int32_t> numbers;
    for (const std::uint32_t row : rows)
        numbers.push_back(static_cast<std::int32_t>(values.numbers[row]));
    return writer.write(numbers);
}

Hash128 hash_in(std::string_view bytes) {
    Hash128 hash;
    if (bytes.size() != 2 * sizeof(std::uint64_t)) return hash;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::uint64_t& half = at < sizeof(std::uint64_t) ? hash.high : hash.low;
        half = half << 8 | static_cast<unsigned char>(bytes[at]);
    }
    return hash;
}

}  // namespace farthing::store
