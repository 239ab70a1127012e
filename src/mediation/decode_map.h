// From a record's fields to one row of usage: names to ids, units to base units, clocks to
// instants.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/snapshot.h"
#include "mediation/decode_fix.h"
#include "mediation/decode_number.h"
#include "mediation/decode_record.h"
#include "mediation/decode_time.h"
#include "mediation/record_key.h"
#include "model/usage.h"

namespace farthing::mediation {

class Mapper {
  public:
    // REQUIRES: feed, map and arena outlive the mapper.
    Mapper(const Feed& feed, const catalog::Version& meters, const FieldMap& map, Arena& arena);

    // From now on records are read with these fields replaced. REQUIRES: `read_fix` gave them.
    void correct(std::span<const FieldFix> fixes);

    // Fills every decoded column of so many rows, from `first` on.
    void map(RecordBlock& block, std::size_t records, UsageChunk& chunk, std::size_t first);

    // Which field the last suspended row failed on, and its text; kNoSlot: the record as a whole.
    struct Culprit {
        Slot slot = kNoSlot;
        std::string_view text;
    };
    const Culprit& culprit() const { return culprit_; }

  private:
    struct Service {  // a source's name for a service, and how its quantity is read
        std::string source_name;
        MeterId meter;
        bool unit_fits = true;
        UnitRatio ratio;
        std::vector<Slot> quantities;  // empty: 1 per record, or the time between
        Slot from = kNoSlot;
        Slot to = kNoSlot;
        Feed::QuantityRules::Fraction fraction = Feed::QuantityRules::Fraction::refuse;
        std::int64_t unit_micros = 0;       // of the meter; 0: it does not count time
        std::unique_ptr<TimeReader> times;  // of `from` and `to`
    };
    void add_service(const catalog::Version& meters, const std::string& source_name,
                     const std::string& name);
    const Service* service_of(std::string_view name);

    Slot identity_slot() const;
    using Rows = std::span<const Row>;
    Rows readable(RecordBlock& block, std::size_t records, UsageChunk& chunk, std::size_t first);
    void correct(Rows rows) const;
    bool filtered(const std::string_view* fields) const;
    void map_id(Rows rows, UsageChunk& chunk);
    void map_numbers(Rows rows, UsageChunk& chunk);
    void map_identity(Rows rows, UsageChunk& chunk);
    void map_carrier(Rows rows, UsageChunk& chunk) const;
    void map_times(Rows rows, UsageChunk& chunk);
    std::string_view time_text(const std::string_view* fields, Slot slot, Slot clock);
    void read_times(Rows rows, UsageChunk& chunk, bool at_end);
    void read_durations(Rows rows, UsageChunk& chunk);
    void settle_unclear(const Row& one, std::size_t i, UsageChunk& chunk);
    void map_quantity(Rows rows, UsageChunk& chunk);
    void map_quantity(const Service& service, const Row& one, UsageChunk& chunk);
    void map_time_between(const Service& service, const Row& one, UsageChunk& chunk);
    bool is_answered(const Row& one, UsageChunk& chunk) const;
    void map_network(Rows rows, UsageChunk& chunk);
    void map_keep(Rows rows, UsageChunk& chunk);
    void map_parts(Rows rows, UsageChunk& chunk);
    void map_session(const Row& one, UsageChunk& chunk);
    void map_charged(const Row& one, UsageChunk& chunk);
    bool closes(const std::string_view* fields) const;
    Hash128 key_of(const Row& one, const UsageChunk& chunk);
    void suspend(UsageChunk& chunk, std::size_t row, SuspenseReason why, Slot slot,
                 std::string_view text);

    const Feed& feed_;
    const FieldMap& map_;
    Arena& arena_;
    TimeReader start_reader_;
    TimeReader end_reader_;
    Slot start_clock_;  // none once a person wrote the whole time
    Slot end_clock_;
    bool service_constant_;
    std::vector<Service> services_;
    const Service* last_service_ = nullptr;  // records of one service come in runs
    RecordKey record_key_;
    bool has_numbers_;  // called or calling ones
    bool has_network_;
    bool has_identity_;  // somebody is asked to pay
    bool has_key_;
    std::string key_text_;  // room for key_of and map_session
    Culprit culprit_;
    std::vector<std::pair<Slot, std::string>>
        corrections_;  // empty but in retries of fixed records
    // Of the rows at hand.
    std::array<Row, RecordBlock::kRecords> rows_;
    std::array<LocalReading, RecordBlock::kRecords> starts_;
    std::array<LocalReading, RecordBlock::kRecords> ends_;
    std::array<std::int64_t, RecordBlock::kRecords> durations_{};  // microseconds
};

}  // namespace farthing::mediation
