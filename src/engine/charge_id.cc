#include "engine/charge_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/batch.h"
#include "engine/reasons.h"

namespace farthing::engine {

namespace {

std::vector<std::string_view> parts_of(std::string_view id) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t dash = id.find('-');
        parts.push_back(id.substr(0, dash));
        if (dash == std::string_view::npos) return parts;
        id.remove_prefix(dash + 1);
    }
}

char letter_of(OwnerKind kind) {
    switch (kind) {
        case OwnerKind::subscription: return 's';
        case OwnerKind::group: return 'g';
        case OwnerKind::account: return 'a';
    }
    return '?';
}

std::int64_t sum_of(const std::vector<store::RatedRow>& rows) {
    std::int64_t atoms = 0;
    for (const store::RatedRow& row : rows) atoms += row.charge_atoms;
    return atoms;
}

void erase_opposite(const store::RatedRow& back, std::vector<store::RatedRow>& rows) {
    const auto found = std::ranges::find_if(rows, [&](const store::RatedRow& row) {
        return row.component == back.component && row.item == back.item &&
               row.owner == back.owner && row.window_first == back.window_first &&
               row.version == back.version && row.billable == -back.billable &&
               row.charge_atoms == -back.charge_atoms;
    });
    if (found != rows.end()) rows.erase(found);
}

Result<void> read_rows(const Engine::State& state, const ChargeId& id, ChargedRows& charged) {
    store::RatedFilter filter = id.filter;
    filter.batch = id.batch;
    FARTHING_TRY(const auto files, state.store->files("rated_usage"));
    for (const auto& file : files) {
        if (!file.may_hold(id.batch)) continue;
        FARTHING_TRY(const auto rows,
                     store::read_rated(state.store->archive_folder() / file.path, filter));
        for (const store::RatedRow& row : rows) {
            if (id.row && row.record_batch != id.batch) continue;
            const bool wanted = id.row ? row.perspective == id.side
                                       : row.owner_kind == id.owner_kind && row.item == id.item;
            if (wanted) charged.rows.push_back(row);
        }
    }
    return {};
}

Result<void> correct(const Engine::State& state, const ChargeId& id, ChargedRows& charged) {
    FARTHING_TRY(const auto corrections, correcting_batches(state));
    FARTHING_TRY(const auto files, state.store->files("rated_usage"));
    store::RatedFilter filter;
    filter.record_batches = {id.batch, id.batch};
    filter.perspective = id.side;
    filter.row = id.row;
    charged.atoms_before = sum_of(charged.rows);
    for (const auto& file : files) {
        if (!file.may_hold_any(corrections)) continue;
        FARTHING_TRY(const auto rows,
                     store::read_rated(state.store->archive_folder() / file.path, filter));
        for (const store::RatedRow& row : rows) {
            if (!corrections.contains(row.batch) || row.batch == id.batch) continue;
            charged.corrected_by = row.batch;
            if (row.taken_back) {
                erase_opposite(row, charged.rows);
            } else {
                charged.rows.push_back(row);
            }
        }
    }
    if (charged.corrected_by && charged.rows.empty())
        return fail(EngineReason::charge_taken_back,
                    fmt::format("what the record was charged was taken back by batch {}",
                                charged.corrected_by.value));
    return {};
}

}  // namespace

std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string charge_id(const store::RatedRow& row) {
    const auto civil = row.window_first.civil();
    std::string id =
        fmt::format("chg-{}-{}{}-c{}-{:04}{:02}{:02}", row.batch.value, letter_of(row.owner_kind),
                    row.owner, row.component.value, static_cast<int>(civil.year()),
                    static_cast<unsigned>(civil.month()), static_cast<unsigned>(civil.day()));
    if (row.item != 0) id += "-i" + std::to_string(row.item);
    return id;
}

std::optional<ChargeId> parse_charge_id(std::string_view id) {
    const auto parts = parts_of(id);
    if (parts.size() < 3) return std::nullopt;
    const auto batch = number_in(parts[1]);
    if (!batch || *batch <= 0) return std::nullopt;
    ChargeId found;
    found.batch = {static_cast<std::uint64_t>(*batch)};
    const bool cost = parts.size() == 4 && parts[3] == name_of(Perspective::cost);
    if (parts[0] == "rec" && (parts.size() == 3 || cost)) {
        if (cost) found.side = Perspective::cost;
        found.row = number_in(parts[2]);
        found.filter.row = found.row;
        return found.row ? std::optional(found) : std::nullopt;
    }
    const bool counter = parts[0] == "chg" && (parts.size() == 5 || parts.size() == 6) &&
                         parts[2].size() > 1 && parts[3].size() > 1 && parts[4].size() == 8;
    if (!counter) return std::nullopt;
    for (const OwnerKind kind : {OwnerKind::subscription, OwnerKind::group, OwnerKind::account}) {
        if (parts[2][0] == letter_of(kind)) found.owner_kind = kind;
    }
    const auto owner = number_in(parts[2].substr(1));
    const auto component = number_in(parts[3].substr(1));
    const auto window =
        parse_date(std::string(parts[4].substr(0, 4)) + "-" + std::string(parts[4].substr(4, 2)) +
                   "-" + std::string(parts[4].substr(6)));
    const auto item = parts.size() == 6 && parts[5].size() > 1 ? number_in(parts[5].substr(1))
                                                               : std::optional(0L);
    if (!owner || !component || !window || !item) return std::nullopt;
    found.filter.owner = static_cast<std::uint32_t>(*owner);
    found.filter.component = ComponentId{static_cast<std::uint32_t>(*component)};
    found.filter.window_first = *window;
    found.item = static_cast<std::uint64_t>(*item);
    return found;
}

Result<ChargedRows> charged_rows(const Engine::State& state, const ChargeId& id) {
    ChargedRows charged;
    FARTHING_CHECK(read_rows(state, id, charged));
    if (id.row) FARTHING_CHECK(correct(state, id, charged));
    std::ranges::stable_sort(charged.rows, {}, &store::RatedRow::from);
    return charged;
}

}  // namespace farthing::engine
