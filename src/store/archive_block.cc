#include "store/archive_block.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "store/archive.h"
#include "store/column_copy.h"

namespace farthing::store {

namespace {

template <class Row>
struct Field {
    int column;
    void (*set)(Row&, std::int64_t);
    Columns of = Columns::rated_by;
};
template <class Row>
struct TextField {
    int column;
    void (*set)(Row&, std::string_view);
    Columns of = Columns::rated_by;
};

constexpr auto as32 = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
constexpr auto as64 = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };

constexpr Field<UsageRow> kUsageFields[] = {
    {usage_column::batch, [](UsageRow& r, std::int64_t v) { r.batch = {as64(v)}; }},
    {usage_column::row, [](UsageRow& r, std::int64_t v) { r.row = v; }},
    {usage_column::source, [](UsageRow& r, std::int64_t v) { r.source = {as32(v)}; }},
    {usage_column::line, [](UsageRow& r, std::int64_t v) { r.line = v; }},
    {usage_column::subscription, [](UsageRow& r, std::int64_t v) { r.subscription = {as32(v)}; }},
    {usage_column::meter,
     [](UsageRow& r, std::int64_t v) { r.meter = {static_cast<std::uint16_t>(v)}; }},
    {usage_column::start, [](UsageRow& r, std::int64_t v) { r.start = {v}; }},
    {usage_column::end, [](UsageRow& r, std::int64_t v) { r.end = {v}; }},
    {usage_column::quantity, [](UsageRow& r, std::int64_t v) { r.quantity = v; }},
    {usage_column::network, [](UsageRow& r, std::int64_t v) { r.network = {as32(v)}; }},
    {usage_column::reading_1, [](UsageRow& r, std::int64_t v) { r.reading[0] = v; },
     Columns::content},
    {usage_column::reading_2, [](UsageRow& r, std::int64_t v) { r.reading[1] = v; },
     Columns::content},
    {usage_column::outcome,
     [](UsageRow& r, std::int64_t v) { r.outcome = static_cast<Outcome>(v); }},
    {usage_column::reason,
     [](UsageRow& r, std::int64_t v) { r.reason = static_cast<SuspenseReason>(v); }},
    {usage_column::last_part, [](UsageRow& r, std::int64_t v) { r.last_part = v != 0; }},
    {usage_column::unanswered, [](UsageRow& r, std::int64_t v) { r.unanswered = v != 0; }},
    {usage_column::parts, [](UsageRow& r, std::int64_t v) { r.parts = v; }, Columns::content},
    {usage_column::digest, [](UsageRow& r, std::int64_t v) { r.digest = as64(v); },
     Columns::content},
    {usage_column::counted, [](UsageRow& r, std::int64_t v) { r.counted = v; }},
};
constexpr Field<RatedRow> kRatedFields[] = {
    {rated_column::batch, [](RatedRow& r, std::int64_t v) { r.batch = {as64(v)}; }},
    {rated_column::row, [](RatedRow& r, std::int64_t v) { r.row = v; }},
    {rated_column::perspective,
     [](RatedRow& r, std::int64_t v) { r.perspective = static_cast<Perspective>(v); }},
    {rated_column::subscription, [](RatedRow& r, std::int64_t v) { r.subscription = {as32(v)}; }},
    {rated_column::payer, [](RatedRow& r, std::int64_t v) { r.payer = {as32(v)}; }},
    {rated_column::component, [](RatedRow& r, std::int64_t v) { r.component = {as32(v)}; }},
    {rated_column::version, [](RatedRow& r, std::int64_t v) { r.version = {as32(v)}; }},
    {rated_column::owner_kind,
     [](RatedRow& r, std::int64_t v) { r.owner_kind = static_cast<OwnerKind>(v); }},
    {rated_column::owner, [](RatedRow& r, std::int64_t v) { r.owner = as32(v); }},
    {rated_column::item, [](RatedRow& r, std::int64_t v) { r.item = as64(v); }},
    {rated_column::window_first,
     [](RatedRow& r, std::int64_t v) { r.window_first = {static_cast<std::int32_t>(v)}; }},
    {rated_column::window_end,
     [](RatedRow& r, std::int64_t v) { r.window_end = {static_cast<std::int32_t>(v)}; }},
    {rated_column::segment_start, [](RatedRow& r, std::int64_t v) { r.segment_start = {v}; },
     Columns::all},
    {rated_column::start, [](RatedRow& r, std::int64_t v) { r.start = {v}; }},
    {rated_column::billable, [](RatedRow& r, std::int64_t v) { r.billable = v; }},
    {rated_column::from, [](RatedRow& r, std::int64_t v) { r.from = v; }, Columns::all},
    {rated_column::to, [](RatedRow& r, std::int64_t v) { r.to = v; }, Columns::all},
    {rated_column::charge_atoms, [](RatedRow& r, std::int64_t v) { r.charge_atoms = v; }},
    {rated_column::fee_atoms, [](RatedRow& r, std::int64_t v) { r.fee_atoms = v; }},
    {rated_column::currency,
     [](RatedRow& r, std::int64_t v) {
         r.currency = Currency::numbered(static_cast<std::uint16_t>(v)).value_or(Currency());
     },
     Columns::all},
    {rated_column::below,
     [](RatedRow& r, std::int64_t v) { r.below = static_cast<std::int32_t>(v); }},
    {rated_column::below_quantity, [](RatedRow& r, std::int64_t v) { r.below_quantity = v; }},
    {rated_column::fees,
     [](RatedRow& r, std::int64_t v) { r.fees = static_cast<std::int32_t>(v); }},
    {rated_column::taken_back, [](RatedRow& r, std::int64_t v) { r.taken_back = v != 0; }},
    {rated_column::record_batch, [](RatedRow& r, std::int64_t v) { r.record_batch = {as64(v)}; }},
};

constexpr Field<SuspendedRow> kSuspendedFields[] = {
    {suspended_column::group, [](SuspendedRow& r, std::int64_t v) { r.group = as32(v); }},
    {suspended_column::source, [](SuspendedRow& r, std::int64_t v) { r.source = {as32(v)}; }},
    {suspended_column::line, [](SuspendedRow& r, std::int64_t v) { r.line = v; }},
};
constexpr Field<WithdrawnRow> kWithdrawnFields[] = {
    {withdrawn_column::record_batch,
     [](WithdrawnRow& r, std::int64_t v) { r.record.batch = {as64(v)}; }},
    {withdrawn_column::row, [](WithdrawnRow& r, std::int64_t v) { r.record.row = v; }},
    {withdrawn_column::source, [](WithdrawnRow& r, std::int64_t v) { r.source = {as32(v)}; }},
    {withdrawn_column::line, [](WithdrawnRow& r, std::int64_t v) { r.line = v; }},
    {withdrawn_column::subscription,
     [](WithdrawnRow& r, std::int64_t v) { r.subscription = {as32(v)}; }},
    {withdrawn_column::again, [](WithdrawnRow& r, std::int64_t v) { r.again = v != 0; }},
};

// "3:120,4:60": base units by day of the window.
void set_days(RatedRow& row, std::string_view text) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        DayPart part;
        const auto day = std::from_chars(at, end, part.day);
        if (day.ec != std::errc{} || day.ptr == end) break;
        const auto quantity = std::from_chars(day.ptr + 1, end, part.billable);
        if (quantity.ec != std::errc{}) break;
        row.days.push_back(part);
        at = quantity.ptr == end ? end : quantity.ptr + 1;
    }
}

constexpr TextField<UsageRow> kUsageTexts[] = {
    {usage_column::called, [](UsageRow& r, std::string_view text) { r.called = text; }},
    {usage_column::calling, [](UsageRow& r, std::string_view text) { r.calling = text; }},
    {usage_column::session, [](UsageRow& r, std::string_view text) { r.session = hash_in(text); }},
    {usage_column::carrier, [](UsageRow& r, std::string_view text) { r.carrier = text; }},
    {usage_column::identity, [](UsageRow& r, std::string_view text) { r.identity = text; }},
    {usage_column::id, [](UsageRow& r, std::string_view text) { r.id = text; }, Columns::all},
    {usage_column::key, [](UsageRow& r, std::string_view text) { r.key = hash_in(text); },
     Columns::all},
};
constexpr TextField<RatedRow> kRatedTexts[] = {{rated_column::days, set_days}};
constexpr TextField<SuspendedRow> kSuspendedTexts[] = {
    {suspended_column::raw, [](SuspendedRow& r, std::string_view text) { r.raw = text; }}};

// What a row of each table is made of, and which column tells its subscription.
template <class Row>
struct Made;
template <>
struct Made<UsageRow> {
    static constexpr std::span<const Field<UsageRow>> fields = kUsageFields;
    static constexpr std::span<const TextField<UsageRow>> texts = kUsageTexts;
    static constexpr int who = usage_column::subscription;
};
template <>
struct Made<RatedRow> {
    static constexpr std::span<const Field<RatedRow>> fields = kRatedFields;
    static constexpr std::span<const TextField<RatedRow>> texts = kRatedTexts;
    static constexpr int who = rated_column::subscription;
    // Old files tell the record's batch by its absence: the row's own.
    static void complete(RatedRow& row) {
        if (!row.record_batch) row.record_batch = row.batch;
    }
};
template <>
struct Made<SuspendedRow> {
    static constexpr std::span<const Field<SuspendedRow>> fields = kSuspendedFields;
    static constexpr std::span<const TextField<SuspendedRow>> texts = kSuspendedTexts;
};
template <>
struct Made<WithdrawnRow> {
    static constexpr std::span<const Field<WithdrawnRow>> fields = kWithdrawnFields;
    static constexpr std::span<const TextField<WithdrawnRow>> texts = {};
};

// Of a column; `rows` ascend.
Result<std::vector<std::int64_t>> numbers_of(ParquetReader& reader, int group, int column,
                                             const std::vector<std::uint32_t>& rows) {
    FARTHING_TRY(std::vector<std::int64_t> values, reader.numbers(group, column));
    for (std::size_t i = 0; i < rows.size() && rows.size() < values.size(); ++i)
        values[i] = values[rows[i]];
    values.resize(rows.size());
    return values;
}

Result<Texts> texts_of(ParquetReader& reader, int group, int column,
                       const std::vector<std::uint32_t>& rows) {
    Texts texts;
    std::size_t next = 0;
    FARTHING_CHECK(reader.each_text(group, column, [&](std::size_t row, std::string_view text) {
        while (next < rows.size() && rows[next] < row) next += 1;
        if (next < rows.size() && rows[next] == row) texts.add(next, text);
    }));
    return texts;
}

}  // namespace

Numbers::Numbers(std::vector<std::int64_t> values) {
    if (values.empty()) return;
    const auto [least, greatest] = std::ranges::minmax(values);
    const auto beyond = [least](std::int64_t value) {
        return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(least);
    };
    if (beyond(greatest) > UINT32_MAX) {
        wide_ = std::move(values);
        return;
    }
    least_ = least;
    near_.resize(values.size());
    std::ranges::transform(values, near_.begin(), [&](std::int64_t value) {
        return static_cast<std::uint32_t>(beyond(value));
    });
}

template <class Row>
Result<ArchiveBlock<Row>> ArchiveBlock<Row>::read(ParquetReader& reader, int group,
                                                  const std::vector<std::uint32_t>& rows,
                                                  Columns wanted) {
    ArchiveBlock block;
    block.size_ = rows.size();
    for (std::size_t i = 0; i < Made<Row>::fields.size(); ++i) {
        const Field<Row>& field = Made<Row>::fields[i];
        if (field.of > wanted) continue;
        if (const auto alike = reader.constant(group, field.column)) {
            field.set(block.alike_, *alike);
            continue;
        }
        FARTHING_TRY(auto values, numbers_of(reader, group, field.column, rows));
        block.numbers_.push_back({i, Numbers(std::move(values))});
    }
    for (std::size_t i = 0; i < Made<Row>::texts.size(); ++i) {
        const TextField<Row>& field = Made<Row>::texts[i];
        if (field.of > wanted) continue;
        FARTHING_TRY(Texts texts, texts_of(reader, group, field.column, rows));
        if (!texts.empty()) block.texts_.push_back({i, std::move(texts)});
    }
    return block;
}

template <class Row>
void ArchiveBlock<Row>::append_to(std::vector<Row>& to, std::size_t first, std::size_t end) const {
    const std::size_t old = to.size();
    to.resize(old + end - first, alike_);
    Row* const rows = to.data() + old;
    for (const NumbersOf& column : numbers_) {
        const auto set = Made<Row>::fields[column.field].set;
        column.numbers.for_each(
            first, end, [&](std::size_t row, std::int64_t value) { set(rows[row], value); });
    }
    for (const TextsOf& column : texts_) {
        const auto set = Made<Row>::texts[column.field].set;
        for (std::size_t row = first; row < end; ++row) {
            const std::string_view text = column.texts.at(row);
            if (!text.empty()) set(rows[row - first], text);
        }
    }
    if constexpr (requires(Row& row) { Made<Row>::complete(row); })
        std::for_each(rows, rows + (end - first), Made<Row>::complete);
}

template <class Row>
std::vector<SubscriptionRun> ArchiveBlock<Row>::runs() const {
    std::vector<SubscriptionRun> runs;
    for (const NumbersOf& column : numbers_) {
        if (Made<Row>::fields[column.field].column != Made<Row>::who) continue;
        column.numbers.for_each(0, size_, [&](std::size_t row, std::int64_t value) {
            const SubscriptionId id{as32(value)};
            if (runs.empty() || runs.back().who != id) runs.push_back({id, row, row});
            runs.back().end = row + 1;
        });
    }
    if (runs.empty() && size_ > 0) runs.push_back({alike_.subscription, 0, size_});
    return runs;
}

template class ArchiveBlock<UsageRow>;
template class ArchiveBlock<RatedRow>;
template Result<ArchiveBlock<SuspendedRow>> ArchiveBlock<SuspendedRow>::read(
    ParquetReader&, int, const std::vector<std::uint32_t>&, Columns);
template void ArchiveBlock<SuspendedRow>::append_to(std::vector<SuspendedRow>&, std::size_t,
                                                    std::size_t) const;
template Result<ArchiveBlock<WithdrawnRow>> ArchiveBlock<WithdrawnRow>::read(
    ParquetReader&, int, const std::vector<std::uint32_t>&, Columns);
template void ArchiveBlock<WithdrawnRow>::append_to(std::vector<WithdrawnRow>&, std::size_t,
                                                    std::size_t) const;

}  // namespace farthing::store
