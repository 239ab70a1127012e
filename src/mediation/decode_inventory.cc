#include <fmt/format.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "mediation/decode.h"
#include "mediation/decode_number.h"
#include "mediation/decode_source.h"
#include "mediation/decode_time.h"

namespace farthing::mediation {

namespace {

class InventoryMapper {
  public:
    InventoryMapper(const Feed& feed, const FieldMap& map, Arena& arena)
        : feed_(feed), map_(map), arena_(arena), dates_(feed.time, feed.zone) {}

    InventoryRow map(const RecordView& record, const std::string_view* fields) {
        InventoryRow row;
        row.line = record.line;
        if (record.fault != SuspenseReason::none) {
            row.error = error_of(record.fault, fmt::format("the row \"{}\" can't be taken apart",
                                                           printable(record.raw)));
            return row;
        }
        row.subscription = std::string(text_of(fields, map_.subscription, row));
        row.number = std::string(number_of(text_of(fields, map_.number, row)));
        const std::string_view date = text_of(fields, map_.date, row);
        if (const auto read = dates_.read_date(date)) {
            row.date = *read;
        } else {
            fault(row, SuspenseReason::bad_time, map_.date, date);
        }
        if (map_.action != kNoSlot) read_action(text_of(fields, map_.action, row), row);
        return row;
    }

  private:
    std::string_view text_of(const std::string_view* fields, Slot slot, InventoryRow& row) const {
        const std::string_view text = trimmed(fields[slot]);
        if (text.empty()) fault(row, SuspenseReason::missing_field, slot, text);
        return text;
    }
    std::string_view number_of(std::string_view text) const {
        return feed_.called_rules.on ? normalised_number(text, feed_.called_rules, arena_)
                                     : without_separators(text, arena_);
    }
    void read_action(std::string_view text, InventoryRow& row) const {
        const auto action = feed_.inventory_actions.find(text);
        if (action == feed_.inventory_actions.end())
            return fault(row, SuspenseReason::unparseable, map_.action, text);
        row.add = action->second == "add";
    }
    void fault(InventoryRow& row, SuspenseReason why, Slot slot, std::string_view text) const {
        if (row.error) return;
        row.error =
            error_of(why, fmt::format("{}: \"{}\": {}", describe(map_.refs[slot], feed_.format),
                                      printable(text), sentence_of(why)));
    }

    const Feed& feed_;
    const FieldMap& map_;
    Arena& arena_;
    TimeReader dates_;
};

}  // namespace

std::vector<InventoryRow> decode_inventory(const Feed& feed, std::string_view bytes) {
    FARTHING_ASSERT(feed.kind == Feed::Kind::inventory);
    Arena arena;
    const FieldMap map(feed);
    RecordReader reader = reader_of(feed, map, bytes, {}, arena);
    InventoryMapper mapper(feed, map, arena);
    std::vector<std::string_view> fields(map.slots());
    std::vector<InventoryRow> rows;
    std::visit(
        [&](auto& of_format) {
            RecordView record;
            while (of_format.next(record, fields.data()))
                rows.push_back(mapper.map(record, fields.data()));
        },
        reader);
    return rows;
}

}  // namespace farthing::mediation
