// One Parquet file of one of the archive's tables, written column by column, row group by row
// group. Numbers are encoded by column_pages; Arrow does most texts, pages' heads, checksums and
// the footer. The only door to Arrow for writing.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.h"
#include "model/batch.h"
#include "store/archive_columns.h"

namespace farthing::store {

class ParquetWriter {
  public:
    // `folder` is the archive's; the file goes to its table's.
    static Result<ParquetWriter> open(const std::filesystem::path& folder,
                                      const ArchiveTable& table);
    ~ParquetWriter();
    ParquetWriter(ParquetWriter&&) noexcept;
    ParquetWriter& operator=(ParquetWriter&&) = delete;

    // A row group: then every column once, in the table's order and in its physical type.
    Result<void> begin_group(std::size_t rows);
    Result<void> write(std::span<const std::int32_t> values);
    Result<void> write(std::span<const std::int64_t> values);
    Result<void> write(std::span<const std::string_view> values);  // empty ones become null
    Result<void> write_nulls();
    Result<void> write_constant(std::int64_t value);  // of numbers: in all rows
    // Closes, syncs and renames; describes the file with the statistics that readers prune by.
    Result<ArchiveFile> finish();

  private:
    struct State;
    explicit ParquetWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace farthing::store
