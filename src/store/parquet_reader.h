// One Parquet file of the archive, read column by column. The only door to Arrow for reading. What
// a file can't be is `archive_damaged`: pages carry checksums, and every column must be the one its
// table says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "store/archive_columns.h"
#include "store/footers.h"

namespace farthing::store {

class ParquetReader {
  public:
    // `footers`: of files that were opened before.
    static Result<ParquetReader> open(const std::filesystem::path& file, const ArchiveTable& table,
                                      Footers* footers = nullptr);
    ~ParquetReader();
    ParquetReader(ParquetReader&&) noexcept;
    ParquetReader& operator=(ParquetReader&&) = delete;

    int groups() const;
    std::size_t rows(int group) const;
    // Least and greatest value of a column of numbers in a group; nothing where the file does not
    // say.
    std::optional<std::pair<std::int64_t, std::int64_t>> bounds(int group, int column) const;
    // The value that a column of numbers has in all rows of a group, where the file says so.
    std::optional<std::int64_t> constant(int group, int column) const;
    // Whole columns of a group; unsigned numbers keep their bits. Those that an older file lacks
    // are zero, or empty.
    Result<std::vector<std::int64_t>> numbers(int group, int column);
    Result<std::vector<std::string>> texts(int group, int column);
    // Calls `each` for the rows that have a text, in order; it holds until `each` returns.
    using EachText = std::function<void(std::size_t row, std::string_view text)>;
    Result<void> each_text(int group, int column, const EachText& each);

  private:
    struct State;
    explicit ParquetReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace farthing::store
