// The archive's column types in Parquet's words. Includes Arrow: for the Parquet reader and writer
// only.
#pragma once

#include <parquet/schema.h>

#include "store/archive_columns.h"

namespace farthing::store {

inline parquet::Type::type physical_type(ColumnType type) {
    switch (type) {
        case ColumnType::int32:
        case ColumnType::uint8:
        case ColumnType::uint16:
        case ColumnType::uint32:
        case ColumnType::date: return parquet::Type::INT32;
        case ColumnType::int64:
        case ColumnType::uint64:
        case ColumnType::timestamp: return parquet::Type::INT64;
        case ColumnType::text:
        case ColumnType::bytes: return parquet::Type::BYTE_ARRAY;
    }
    return parquet::Type::UNDEFINED;
}

inline bool is_unsigned(ColumnType type) {
    switch (type) {
        case ColumnType::uint8:
        case ColumnType::uint16:
        case ColumnType::uint32:
        case ColumnType::uint64: return true;
        case ColumnType::int32:
        case ColumnType::int64:
        case ColumnType::date:
        case ColumnType::timestamp:
        case ColumnType::text:
        case ColumnType::bytes: return false;
    }
    return false;
}

inline std::shared_ptr<const parquet::LogicalType> logical_type(ColumnType type) {
    using parquet::LogicalType;
    switch (type) {
        case ColumnType::int32: return LogicalType::Int(32, true);
        case ColumnType::uint8: return LogicalType::Int(8, false);
        case ColumnType::uint16: return LogicalType::Int(16, false);
        case ColumnType::uint32: return LogicalType::Int(32, false);
        case ColumnType::int64: return LogicalType::Int(64, true);
        case ColumnType::uint64: return LogicalType::Int(64, false);
        case ColumnType::date: return LogicalType::Date();
        case ColumnType::timestamp:
            return LogicalType::Timestamp(true, LogicalType::TimeUnit::MICROS);
        case ColumnType::text: return LogicalType::String();
        case ColumnType::bytes: return LogicalType::None();
    }
    return LogicalType::None();
}

inline std::shared_ptr<parquet::schema::GroupNode> schema_of(const ArchiveTable& table) {
    parquet::schema::NodeVector nodes;
    for (const ArchiveColumn& column : table.columns) {
        const auto repetition =
            is_text(column.type) ? parquet::Repetition::OPTIONAL : parquet::Repetition::REQUIRED;
        nodes.push_back(parquet::schema::PrimitiveNode::Make(
            std::string(column.name), repetition, logical_type(column.type),
            physical_type(column.type), -1, static_cast<int>(column.id)));
    }
    return std::static_pointer_cast<parquet::schema::GroupNode>(parquet::schema::GroupNode::Make(
        std::string(table.name), parquet::Repetition::REQUIRED, nodes));
}

}  // namespace farthing::store
