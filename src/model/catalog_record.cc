#include "model/catalog_record.h"

#include <algorithm>

namespace farthing {

NameTable::NameTable(std::vector<Row> rows) : rows_(std::move(rows)) {
    for (const Row& row : rows_) {
        ids_.emplace(std::pair(row.kind, row.name), row.id);
        last_[row.kind] = std::max(last_[row.kind], row.id);
    }
}

std::uint32_t NameTable::id_of(Kind kind, std::string_view name) {
    const auto [found, added] = ids_.try_emplace(std::pair(kind, std::string(name)), 0);
    if (added) {
        found->second = ++last_[kind];
        rows_.push_back({kind, std::string(name), found->second});
    }
    return found->second;
}

std::string NameTable::name_of(Kind kind, std::uint32_t id) const {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) {
        return row.kind == kind && row.id == id;
    });
    return found == rows_.end() ? std::string() : found->name;
}

}  // namespace farthing
