#include "store/parquet_writer.h"

#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/statistics.h>

#include <cstring>

#include "base/civil.h"
#include "base/instant.h"
#include "store/files.h"
#include "store/parquet_schema.h"
#include "store/store.h"

namespace farthing::store {

namespace {

// Parquet's way into our file, which hashes what passes and keeps the end, where the footer's
// length stands.
class Sink final : public arrow::io::OutputStream {
  public:
    explicit Sink(FileWriter& file) : file_(file) {}
    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }
    arrow::Result<std::int64_t> Tell() const override { return file_.size(); }
    arrow::Status Write(const void* data, std::int64_t size) override {
        const std::string_view bytes(static_cast<const char*>(data),
                                     static_cast<std::size_t>(size));
        tail_ += bytes.substr(bytes.size() - std::min(bytes.size(), kTail));
        if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
        if (const Result<void> written = file_.write(bytes); !written) {
            error_ = written.error();
            return arrow::Status::IOError(written.error().message);
        }
        return arrow::Status::OK();
    }
    using arrow::io::OutputStream::Write;
    std::int64_t footer_size() const {
        std::uint32_t size = 0;
        std::memcpy(&size, tail_.data(), sizeof size);
        return size;
    }
    const std::optional<Error>& error() const { return error_; }

  private:
    static constexpr std::size_t kTail = 8;  // the footer's length and "PAR1"
    FileWriter& file_;
    std::string tail_;
    std::optional<Error> error_;
    bool closed_ = false;
};

std::shared_ptr<parquet::WriterProperties> properties_of(const ArchiveTable& table) {
    parquet::WriterProperties::Builder builder;
    builder.compression(parquet::Compression::ZSTD)
        ->compression_level(1)
        ->enable_page_checksum()
        ->created_by("Farthing");
    for (const ArchiveColumn& column : table.columns) {
        const std::string path(column.name);
        const bool text = is_text(column.type);
        if (text) builder.disable_statistics(path);
        switch (column.encoding) {
            case ColumnEncoding::delta:
                builder.disable_dictionary(path);
                builder.encoding(path, text ? parquet::Encoding::DELTA_BYTE_ARRAY
                                            : parquet::Encoding::DELTA_BINARY_PACKED);
                break;
            case ColumnEncoding::dictionary: builder.enable_dictionary(path); break;
        }
    }
    return builder.build();
}

// Readers compare these as text they can parse: years that they can't write are left out.
std::string time_text(std::int64_t micros) {
    constexpr std::int64_t kFirst = Date::of(1, 1, 1).days * kMicrosPerDay;
    constexpr std::int64_t kEnd = Date::of(9999, 12, 31).days * kMicrosPerDay;
    if (micros < kFirst || micros >= kEnd) return {};
    std::string text = to_rfc3339({micros});
    text[10] = ' ';
    text.back() = '+';
    return text + "00";
}
std::string date_text(std::int32_t days) {
    if (days < Date::of(1, 1, 1).days || days > Date::of(9999, 12, 31).days) return {};
    return to_string(Date{days});
}

std::string text32(ColumnType type, std::int32_t value) {
    if (type == ColumnType::date) return date_text(value);
    return type == ColumnType::int32 ? std::to_string(value)
                                     : std::to_string(static_cast<std::uint32_t>(value));
}
std::string text64(ColumnType type, std::int64_t value) {
    if (type == ColumnType::timestamp) return time_text(value);
    return type == ColumnType::int64 ? std::to_string(value)
                                     : std::to_string(static_cast<std::uint64_t>(value));
}

// The bounds of a column over all row groups; unsigned types are compared as such.
template <class Physical, class Compared>
std::optional<std::pair<Compared, Compared>> bounds(const parquet::FileMetaData& data, int column) {
    std::optional<std::pair<Compared, Compared>> result;
    for (int group = 0; group < data.num_row_groups(); ++group) {
        const auto statistics = data.RowGroup(group)->ColumnChunk(column)->statistics();
        if (statistics == nullptr || !statistics->HasMinMax()) return std::nullopt;
        const auto& typed = static_cast<const parquet::TypedStatistics<Physical>&>(*statistics);
        const auto low = static_cast<Compared>(typed.min());
        const auto high = static_cast<Compared>(typed.max());
        if (!result) result = {low, high};
        result = {std::min(result->first, low), std::max(result->second, high)};
    }
    return result;
}

void set_bounds(ArchiveFile::ColumnStats& stats, const parquet::FileMetaData& data, int index,
                ColumnType type) {
    const auto set32 = [&](auto found) {
        if (!found) return;
        stats.min = text32(type, static_cast<std::int32_t>(found->first));
        stats.max = text32(type, static_cast<std::int32_t>(found->second));
    };
    const auto set64 = [&](auto found) {
        if (!found) return;
        stats.min = text64(type, static_cast<std::int64_t>(found->first));
        stats.max = text64(type, static_cast<std::int64_t>(found->second));
    };
    switch (type) {
        case ColumnType::int32:
        case ColumnType::date: return set32(bounds<parquet::Int32Type, std::int32_t>(data, index));
        case ColumnType::uint8:
        case ColumnType::uint16:
        case ColumnType::uint32:
            return set32(bounds<parquet::Int32Type, std::uint32_t>(data, index));
        case ColumnType::int64:
        case ColumnType::timestamp:
            return set64(bounds<parquet::Int64Type, std::int64_t>(data, index));
        case ColumnType::uint64:
            return set64(bounds<parquet::Int64Type, std::uint64_t>(data, index));
        case ColumnType::text:
        case ColumnType::bytes: return;
    }
}

}  // namespace

struct ParquetWriter::State {
    explicit State(const ArchiveTable& of)
        : table(of), sink(std::make_shared<Sink>(file)), nulls(of.columns.size()) {}

    template <class Values>
    Result<void> write_numbers(std::span<const Values> values) {
        column += 1;
        using Writer =
            std::conditional_t<sizeof(Values) == 4, parquet::Int32Writer, parquet::Int64Writer>;
        return guarded([&] {
            auto* writer = static_cast<Writer*>(group->NextColumn());
            writer->WriteBatch(static_cast<std::int64_t>(values.size()), nullptr, nullptr,
                               values.data());
            writer->Close();
        });
    }
    // `levels` says which rows have one of the `texts`.
    Result<void> write_texts() {
        nulls[column++] += static_cast<std::int64_t>(levels.size() - texts.size());
        return guarded([&] {
            auto* writer = static_cast<parquet::ByteArrayWriter*>(group->NextColumn());
            writer->WriteBatch(static_cast<std::int64_t>(levels.size()), levels.data(), nullptr,
                               texts.data());
            writer->Close();
        });
    }

    // Runs `work`, which calls Arrow, and turns what it throws into an error.
    template <class Work>
    Result<void> guarded(Work work) {
        try {
            work();
            return {};
        } catch (const std::exception& exception) {
            if (sink->error()) return fail(*sink->error());
            return fail(StoreReason::archive_failed, exception.what(), std::string(table.name));
        }
    }

    ArchiveTable table;
    FileWriter file;
    std::shared_ptr<Sink> sink;
    std::unique_ptr<parquet::ParquetFileWriter> writer;
    parquet::RowGroupWriter* group = nullptr;
    std::size_t column = 0;           // of the group, the next to write
    std::vector<std::int64_t> nulls;  // of each column so far
    std::vector<std::int16_t> levels;
    std::vector<parquet::ByteArray> texts;
};

ParquetWriter::ParquetWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetWriter::ParquetWriter(ParquetWriter&&) noexcept = default;
ParquetWriter::~ParquetWriter() {
    if (state_ == nullptr || state_->writer == nullptr) return;
    // Not finished: whatever closing still wants to say about the file does not matter any more.
    (void)state_->guarded([&] { state_->writer.reset(); });
}

Result<ParquetWriter> ParquetWriter::open(const std::filesystem::path& folder,
                                          const ArchiveTable& table) {
    auto state = std::make_unique<State>(table);
    FARTHING_CHECK(state->file.create(folder / table.name));
    FARTHING_CHECK(state->guarded([&] {
        state->writer =
            parquet::ParquetFileWriter::Open(state->sink, schema_of(table), properties_of(table));
    }));
    return ParquetWriter(std::move(state));
}

Result<void> ParquetWriter::begin_group() {
    state_->column = 0;
    return state_->guarded([&] { state_->group = state_->writer->AppendRowGroup(); });
}

Result<void> ParquetWriter::write(std::span<const std::int32_t> values) {
    return state_->write_numbers(values);
}
Result<void> ParquetWriter::write(std::span<const std::int64_t> values) {
    return state_->write_numbers(values);
}

Result<void> ParquetWriter::write(std::span<const std::string_view> values) {
    state_->levels.assign(values.size(), 0);
    state_->texts.clear();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].empty()) continue;
        state_->levels[i] = 1;
        state_->texts.emplace_back(values[i]);
    }
    return state_->write_texts();
}

Result<void> ParquetWriter::write_nulls(std::size_t rows) {
    state_->levels.assign(rows, 0);
    state_->texts.clear();
    return state_->write_texts();
}

Result<ArchiveFile> ParquetWriter::finish() {
    ArchiveFile result;
    FARTHING_CHECK(state_->guarded([&] {
        state_->writer->Close();
        const std::shared_ptr<parquet::FileMetaData> data = state_->writer->metadata();
        result.records = data->num_rows();
        for (const ArchiveColumn& column : state_->table.columns) {
            const int index = static_cast<int>(column.id) - 1;
            ArchiveFile::ColumnStats stats;
            stats.column = column.id;
            for (int group = 0; group < data->num_row_groups(); ++group) {
                const auto chunk = data->RowGroup(group)->ColumnChunk(index);
                stats.values += chunk->num_values();
                stats.bytes += chunk->total_compressed_size();
            }
            stats.nulls = state_->nulls[column.id - 1];
            set_bounds(stats, *data, index, column.type);
            result.columns.push_back(std::move(stats));
        }
    }));
    FARTHING_TRY(result.hash, state_->file.keep(".parquet"));
    result.table = state_->table.name;
    result.path = std::string(state_->table.name) + "/" + result.hash + ".parquet";
    result.bytes = state_->file.size();
    result.footer_size = state_->sink->footer_size();
    return result;
}

}  // namespace farthing::store
