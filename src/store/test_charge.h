// What a group of requests came to, for tests: one session, and usage of it unless it came to
// nothing.
#pragma once

#include <string>

#include "store/store.h"

namespace farthing::store {

inline const Instant kNow = *parse_rfc3339("2026-06-02T10:00:00Z");

inline Entry entry(EntryKind kind, LedgerAccount debit, LedgerAccount credit, std::int64_t atoms) {
    Entry made;
    made.kind = kind;
    made.payer = {1};
    made.period = {Date::of(2026, 6, 1), Date::of(2026, 7, 1)};
    made.currency = *Currency::named("EUR");
    made.postings = {{debit, atoms}, {credit, -atoms}};
    return made;
}

inline BatchCommit group(std::string session, std::int64_t atoms) {
    BatchCommit batch;
    batch.committed_at = kNow;
    batch.kind = "charge";
    batch.online.emplace();
    batch.online->sessions = {{session, "bytes of " + session}};
    if (atoms == 0) return batch;
    OnlineUse use;
    use.session = session;
    use.subscription = {3};
    use.meter = {1};
    use.start = kNow;
    use.quantity = 5;
    use.charge_atoms = atoms;
    batch.online->uses = {use};
    batch.entries = {
        entry(EntryKind::usage, {LedgerKind::unbilled, 1}, {LedgerKind::revenue, 4}, atoms)};
    batch.rated_atoms = {{Currency::named("EUR")->numeric(), atoms}};
    return batch;
}

}  // namespace farthing::store
