#include "store/parquet_writer.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <parquet/column_page.h>
#include <parquet/column_writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>
#include <zstd.h>

#include <cstring>

#include "base/assert.h"
#include "base/civil.h"
#include "base/instant.h"
#include "store/column_pages.h"
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

constexpr int kCompressionLevel = 1;
constexpr std::string_view kMagic = "PAR1";
constexpr std::size_t kTextPageMax = std::size_t{64} << 20;

// Bytes as a frame of zstd that holds them as they are (RFC 8878, 3.1.1: one segment, raw blocks).
std::string stored_frame(std::string_view bytes) {
    constexpr std::size_t kBlockMax = std::size_t{128} << 10;
    constexpr char kOneSegmentOfSize32 = '\xA0';
    const auto put = [](std::string& to, std::uint32_t number, std::size_t size) {
        to.append(reinterpret_cast<const char*>(&number), size);  // little-endian
    };
    std::string frame;
    frame.reserve(bytes.size() + bytes.size() / kBlockMax * 3 + 16);
    put(frame, ZSTD_MAGICNUMBER, 4);
    frame += kOneSegmentOfSize32;
    put(frame, static_cast<std::uint32_t>(bytes.size()), 4);
    do {
        const std::string_view block = bytes.substr(0, kBlockMax);
        bytes.remove_prefix(block.size());
        put(frame, static_cast<std::uint32_t>(block.size() << 3 | (bytes.empty() ? 1U : 0U)), 3);
        frame += block;
    } while (!bytes.empty());
    return frame;
}

// The least and the greatest value, compared as `Compared`. REQUIRES: there is one.
template <class Compared, class Physical>
std::pair<Physical, Physical> bounds_as(std::span<const Physical> values) {
    auto low = static_cast<Compared>(values.front());
    Compared high = low;
    const auto look_at = [&](const Physical* from, auto count) {
        for (std::size_t i = 0; i < count; ++i) {
            low = std::min(low, static_cast<Compared>(from[i]));
            high = std::max(high, static_cast<Compared>(from[i]));
        }
    };
    constexpr std::integral_constant<std::size_t, 64> kStep;  // known: several at once
    std::size_t at = 0;
    for (; at + kStep <= values.size(); at += kStep) look_at(values.data() + at, kStep);
    look_at(values.data() + at, values.size() - at);
    return {static_cast<Physical>(low), static_cast<Physical>(high)};
}

std::shared_ptr<parquet::WriterProperties> properties_of(const ArchiveTable& table) {
    parquet::WriterProperties::Builder builder;
    builder.compression(parquet::Compression::ZSTD)
        ->compression_level(kCompressionLevel)
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
        : table(of),
          properties(properties_of(of)),
          sink(std::make_shared<Sink>(file)),
          nulls(of.columns.size()),
          stored(of.columns.size()) {
        schema.Init(schema_of(of));
        data = parquet::FileMetaDataBuilder::Make(&schema, properties);
    }

    // A column of the group: its pages' writer, then what is told about it.
    struct Column {
        parquet::ColumnChunkMetaDataBuilder* about = nullptr;
        std::unique_ptr<parquet::PageWriter> pages;
        int* stored_groups = nullptr;  // `stored` of the column
    };
    Column next_column() {
        const std::string path(table.columns[column].name);
        Column next;
        next.about = group->NextColumnChunk();
        next.stored_groups = &stored[column++];
        next.pages = parquet::PageWriter::Open(
            sink, properties->compression(parquet::schema::ColumnPath::FromDotString(path)),
            next.about, -1, -1, arrow::default_memory_pool(), false, nullptr, nullptr, true);
        return next;
    }

    // Where a page hardly shrinks, those of the next groups are only stored.
    void compress_page(const Column& to, const std::string& bytes) {
        constexpr std::size_t kWorthTrying = 1024;
        constexpr int kStoredGroups = 15;
        if (*to.stored_groups > 0) {
            *to.stored_groups -= 1;
            compressed = stored_frame(bytes);
            return;
        }
        compress(bytes);
        const bool shrank = compressed.size() < bytes.size() - bytes.size() / 32;
        if (bytes.size() >= kWorthTrying && !shrank) *to.stored_groups = kStoredGroups;
    }

    void write_page(Column& to, const std::string& bytes, parquet::Encoding::type encoding) {
        compress_page(to, bytes);
        const parquet::DataPageV1 page(std::make_shared<arrow::Buffer>(compressed),
                                       static_cast<std::int32_t>(rows), encoding,
                                       parquet::Encoding::RLE, parquet::Encoding::RLE,
                                       static_cast<std::int64_t>(bytes.size()));
        written += to.pages->WriteDataPage(page);
    }

    // One context for all pages: Arrow makes one for each, which costs more than most pages do.
    void compress(const std::string& bytes) {
        FARTHING_ASSERT(zstd != nullptr);
        compressed.resize_and_overwrite(
            ZSTD_compressBound(bytes.size()), [&](char* to, std::size_t room) {
                const std::size_t size = ZSTD_compressCCtx(zstd.get(), to, room, bytes.data(),
                                                           bytes.size(), kCompressionLevel);
                FARTHING_ASSERT(ZSTD_isError(size) == 0);  // there is room
                return size;
            });
    }

    template <class Physical>
    void close_numbers(Column& to, Physical low, Physical high, bool dictionary) {
        const auto text = [](Physical value) {
            return std::string(reinterpret_cast<const char*>(&value), sizeof value);
        };
        parquet::EncodedStatistics statistics;
        statistics.set_min(text(low)).set_max(text(high)).set_null_count(0);
        statistics.set_is_signed(true);
        to.about->SetStatistics(statistics);
        to.pages->Close(dictionary, false);
    }

    template <class Physical>
    Result<void> write_numbers(std::span<const Physical> values) {
        const ArchiveColumn& about = table.columns[column];
        return guarded([&] {
            Column to = next_column();
            const auto [low, high] = is_unsigned(about.type)
                                         ? bounds_as<std::make_unsigned_t<Physical>>(values)
                                         : bounds_as<Physical>(values);
            DictionaryPages pages;
            if (about.encoding == ColumnEncoding::dictionary) pages = dictionary_pages(values);
            if (pages.entries > 0) {
                const parquet::DictionaryPage page(
                    std::make_shared<arrow::Buffer>(pages.dictionary),
                    static_cast<std::int32_t>(pages.entries), parquet::Encoding::PLAIN);
                written += to.pages->WriteDictionaryPage(page);
                write_page(to, pages.places, parquet::Encoding::RLE_DICTIONARY);
            } else {
                write_page(to, delta_page(values), parquet::Encoding::DELTA_BINARY_PACKED);
            }
            close_numbers(to, low, high, pages.entries > 0);
        });
    }
    template <class Physical>
    Result<void> write_constant(Physical value) {
        return guarded([&] {
            Column to = next_column();
            write_page(to, constant_page(value, rows), parquet::Encoding::DELTA_BINARY_PACKED);
            close_numbers(to, value, value, false);
        });
    }
    // `levels` says which rows have one of the `texts`.
    Result<void> write_texts() {
        nulls[column] += static_cast<std::int64_t>(levels.size() - texts.size());
        return guarded([&] {
            Column to = next_column();
            const auto writer =
                parquet::ColumnWriter::Make(to.about, std::move(to.pages), properties.get());
            static_cast<parquet::ByteArrayWriter*>(writer.get())
                ->WriteBatch(static_cast<std::int64_t>(levels.size()), levels.data(), nullptr,
                             texts.data());
            written += writer->Close();
        });
    }
    // Texts that mostly begin as the one before does. REQUIRES: together they fit into a page.
    Result<void> write_delta_texts(std::span<const std::string_view> values) {
        nulls[column] += std::ranges::count_if(values, &std::string_view::empty);
        return guarded([&] {
            Column to = next_column();
            write_page(to, levels_of(values) + delta_text_page(values),
                       parquet::Encoding::DELTA_BYTE_ARRAY);
            to.pages->Close(false, false);
        });
    }
    Result<void> write_nulls() {
        nulls[column] += static_cast<std::int64_t>(rows);
        return guarded([&] {
            Column to = next_column();
            write_page(to, null_levels(rows), parquet::Encoding::PLAIN);
            to.pages->Close(false, false);
        });
    }

    void end_group() {
        if (group == nullptr) return;
        group->set_num_rows(static_cast<std::int64_t>(rows));
        group->Finish(written);
        group = nullptr;
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
    std::shared_ptr<parquet::WriterProperties> properties;
    std::shared_ptr<Sink> sink;
    parquet::SchemaDescriptor schema;
    std::unique_ptr<parquet::FileMetaDataBuilder> data;
    parquet::RowGroupMetaDataBuilder* group = nullptr;
    std::size_t rows = 0;             // of the group
    std::size_t column = 0;           // of the group, the next to write
    std::int64_t written = 0;         // bytes of the group, before compression
    std::vector<std::int64_t> nulls;  // of each column so far
    std::vector<int> stored;          // of each column, how many groups are not compressed
    std::vector<std::int16_t> levels;
    std::vector<parquet::ByteArray> texts;
    std::string compressed;  // the page at hand
    std::unique_ptr<ZSTD_CCtx, decltype([](ZSTD_CCtx* context) { ZSTD_freeCCtx(context); })> zstd{
        ZSTD_createCCtx()};
};

ParquetWriter::ParquetWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetWriter::ParquetWriter(ParquetWriter&&) noexcept = default;
ParquetWriter::~ParquetWriter() = default;

Result<ParquetWriter> ParquetWriter::open(const std::filesystem::path& folder,
                                          const ArchiveTable& table) {
    auto state = std::make_unique<State>(table);
    FARTHING_CHECK(state->file.create(folder / table.name));
    FARTHING_CHECK(state->file.write(kMagic));
    return ParquetWriter(std::move(state));
}

Result<void> ParquetWriter::begin_group(std::size_t rows) {
    return state_->guarded([&] {
        state_->end_group();
        state_->column = 0;
        state_->written = 0;
        state_->rows = rows;
        state_->group = state_->data->AppendRowGroup();
    });
}

Result<void> ParquetWriter::write(std::span<const std::int32_t> values) {
    return state_->write_numbers(values);
}
Result<void> ParquetWriter::write(std::span<const std::int64_t> values) {
    return state_->write_numbers(values);
}

Result<void> ParquetWriter::write(std::span<const std::string_view> values) {
    const ArchiveColumn& about = state_->table.columns[state_->column];
    std::size_t bytes = 0;
    for (const std::string_view value : values) bytes += value.size();
    if (about.encoding == ColumnEncoding::delta && bytes <= kTextPageMax)
        return state_->write_delta_texts(values);
    state_->levels.assign(values.size(), 0);
    state_->texts.clear();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].empty()) continue;
        state_->levels[i] = 1;
        state_->texts.emplace_back(values[i]);
    }
    return state_->write_texts();
}

Result<void> ParquetWriter::write_nulls() {
    return state_->write_nulls();
}

Result<void> ParquetWriter::write_constant(std::int64_t value) {
    const ColumnType type = state_->table.columns[state_->column].type;
    return physical_type(type) == parquet::Type::INT32
               ? state_->write_constant(static_cast<std::int32_t>(value))
               : state_->write_constant(value);
}

Result<ArchiveFile> ParquetWriter::finish() {
    ArchiveFile result;
    FARTHING_CHECK(state_->guarded([&] {
        state_->end_group();
        const std::unique_ptr<parquet::FileMetaData> data = state_->data->Finish();
        parquet::WriteFileMetaData(*data, state_->sink.get());
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
