// The archive's tables: names, types and ids of their columns. A column's id is its Parquet field
// id and its DuckLake column id, and is never given to another column. Described for people in
// docs/reference/archive.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace farthing::store {

enum class ColumnType : std::uint8_t {
    int32,
    uint8,
    uint16,
    uint32,
    int64,
    uint64,
    date,
    timestamp,
    text,
    bytes
};
// Texts and bytes are null where they are empty; all other columns have no nulls.
constexpr bool is_text(ColumnType type) {
    return type == ColumnType::text || type == ColumnType::bytes;
}
enum class ColumnEncoding : std::uint8_t {
    dictionary,  // few different values
    delta,       // neighbours differ little
};

struct ArchiveColumn {
    std::uint32_t id;
    std::string_view name;
    ColumnType type;
    ColumnEncoding encoding;
};

// The index of a column in its table is its id − 1.
namespace usage_column {
enum : int {
    batch,
    row,
    source,
    line,
    subscription,
    meter,
    start,
    end,
    quantity,
    network,
    called,
    calling,
    id,
    reading_1,
    reading_2,
    outcome,
    reason,
    session,
    last_part,
    unanswered,
    key,
    carrier,
    identity,
    parts,
    digest,
    counted
};
}
constexpr std::array kUsageColumns = {
    ArchiveColumn{1, "batch", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{2, "row", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{3, "source", ColumnType::uint32, ColumnEncoding::delta},
    ArchiveColumn{4, "line", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{5, "subscription", ColumnType::uint32, ColumnEncoding::delta},
    ArchiveColumn{6, "meter", ColumnType::uint16, ColumnEncoding::dictionary},
    ArchiveColumn{7, "start_time", ColumnType::timestamp, ColumnEncoding::delta},
    ArchiveColumn{8, "end_time", ColumnType::timestamp, ColumnEncoding::delta},
    ArchiveColumn{9, "quantity", ColumnType::int64, ColumnEncoding::dictionary},
    ArchiveColumn{10, "network", ColumnType::uint32, ColumnEncoding::dictionary},
    ArchiveColumn{11, "called", ColumnType::text, ColumnEncoding::dictionary},
    ArchiveColumn{12, "calling", ColumnType::text, ColumnEncoding::dictionary},
    ArchiveColumn{13, "record_id", ColumnType::text, ColumnEncoding::delta},
    ArchiveColumn{14, "reading_1", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{15, "reading_2", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{16, "outcome", ColumnType::uint8, ColumnEncoding::dictionary},
    ArchiveColumn{17, "reason", ColumnType::uint8, ColumnEncoding::dictionary},
    ArchiveColumn{18, "session", ColumnType::bytes, ColumnEncoding::dictionary},
    ArchiveColumn{19, "last_part", ColumnType::uint8, ColumnEncoding::dictionary},
    ArchiveColumn{20, "unanswered", ColumnType::uint8, ColumnEncoding::dictionary},
    ArchiveColumn{21, "dedup_key", ColumnType::bytes, ColumnEncoding::delta},
    ArchiveColumn{22, "carrier", ColumnType::text, ColumnEncoding::dictionary},
    ArchiveColumn{23, "identity", ColumnType::text, ColumnEncoding::delta},
    ArchiveColumn{24, "parts", ColumnType::int64, ColumnEncoding::dictionary},
    ArchiveColumn{25, "parts_digest", ColumnType::uint64, ColumnEncoding::dictionary},
    ArchiveColumn{26, "counted_before", ColumnType::int64, ColumnEncoding::dictionary},
};

namespace rated_column {
enum : int {
    batch,
    row,
    perspective,
    subscription,
    payer,
    component,
    version,
    owner_kind,
    owner,
    item,
    window_first,
    window_end,
    segment_start,
    start,
    billable,
    from,
    to,
    charge_atoms,
    fee_atoms,
    currency,
    below,
    below_quantity,
    fees,
    record_batch,
    days,
    taken_back
};
}
constexpr std::array kRatedColumns = {
    ArchiveColumn{1, "batch", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{2, "row", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{3, "perspective", ColumnType::uint8, ColumnEncoding::dictionary},
    ArchiveColumn{4, "subscription", ColumnType::uint32, ColumnEncoding::delta},
    ArchiveColumn{5, "payer", ColumnType::uint32, ColumnEncoding::dictionary},
    ArchiveColumn{6, "component", ColumnType::uint32, ColumnEncoding::dictionary},
    ArchiveColumn{7, "version", ColumnType::uint32, ColumnEncoding::dictionary},
    ArchiveColumn{8, "owner_kind", ColumnType::uint8, ColumnEncoding::dictionary},
    ArchiveColumn{9, "owner", ColumnType::uint32, ColumnEncoding::delta},
    ArchiveColumn{10, "item", ColumnType::uint64, ColumnEncoding::dictionary},
    ArchiveColumn{11, "window_first", ColumnType::date, ColumnEncoding::dictionary},
    ArchiveColumn{12, "window_end", ColumnType::date, ColumnEncoding::dictionary},
    ArchiveColumn{13, "segment_start", ColumnType::timestamp, ColumnEncoding::dictionary},
    ArchiveColumn{14, "start_time", ColumnType::timestamp, ColumnEncoding::delta},
    ArchiveColumn{15, "billable", ColumnType::int64, ColumnEncoding::dictionary},
    ArchiveColumn{16, "counter_from", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{17, "counter_to", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{18, "charge_atoms", ColumnType::int64, ColumnEncoding::dictionary},
    ArchiveColumn{19, "fee_atoms", ColumnType::int64, ColumnEncoding::dictionary},
    ArchiveColumn{20, "currency", ColumnType::uint16, ColumnEncoding::dictionary},
    ArchiveColumn{21, "below_minimum", ColumnType::int32, ColumnEncoding::dictionary},
    ArchiveColumn{22, "below_minimum_quantity", ColumnType::int64, ColumnEncoding::dictionary},
    ArchiveColumn{23, "connection_fees", ColumnType::int32, ColumnEncoding::dictionary},
    ArchiveColumn{24, "record_batch", ColumnType::int64, ColumnEncoding::dictionary},
    ArchiveColumn{25, "days", ColumnType::text, ColumnEncoding::dictionary},
    ArchiveColumn{26, "taken_back", ColumnType::uint8, ColumnEncoding::dictionary},
};

namespace suspended_column {
enum : int { batch, group, source, line, raw };
}
constexpr std::array kSuspendedColumns = {
    ArchiveColumn{1, "batch", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{2, "suspense_group", ColumnType::uint32, ColumnEncoding::dictionary},
    ArchiveColumn{3, "source", ColumnType::uint32, ColumnEncoding::delta},
    ArchiveColumn{4, "line", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{5, "raw", ColumnType::bytes, ColumnEncoding::dictionary},
};

namespace withdrawn_column {
enum : int { batch, record_batch, row, source, line, subscription, again };
}
constexpr std::array kWithdrawnColumns = {
    ArchiveColumn{1, "batch", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{2, "record_batch", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{3, "row", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{4, "source", ColumnType::uint32, ColumnEncoding::delta},
    ArchiveColumn{5, "line", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{6, "subscription", ColumnType::uint32, ColumnEncoding::delta},
    ArchiveColumn{7, "again", ColumnType::uint8, ColumnEncoding::dictionary},
};

struct ArchiveTable {
    std::uint32_t id;  // of the lake's catalogue
    std::string_view name;
    std::span<const ArchiveColumn> columns;
};
constexpr ArchiveTable kUsageTable = {1, "usage", kUsageColumns};
constexpr ArchiveTable kRatedTable = {2, "rated_usage", kRatedColumns};
constexpr ArchiveTable kSuspendedTable = {3, "suspended", kSuspendedColumns};
constexpr ArchiveTable kWithdrawnTable = {4, "withdrawn", kWithdrawnColumns};
constexpr std::array kArchiveTables = {kUsageTable, kRatedTable, kSuspendedTable, kWithdrawnTable};

// nullptr for files that are no table of the lake.
constexpr const ArchiveTable* archive_table(std::string_view name) {
    for (const ArchiveTable& table : kArchiveTables) {
        if (table.name == name) return &table;
    }
    return nullptr;
}

}  // namespace farthing::store
