#include "store/batch_chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"

namespace farthing::store {

namespace {

template <std::size_t size>
std::string joined(const std::array<std::int64_t, size>& numbers) {
    std::string text;
    for (const std::int64_t number : numbers) text += fmt::format(" {}", number);
    return text;
}

void add_entry(Sha256& hash, const Entry& entry) {
    std::string text =
        fmt::format("entry {} {} {} {} {} {} {} {} {} {}\n", entry.id.value,
                    static_cast<int>(entry.kind), entry.batch.value, entry.invoice.value,
                    entry.reverses.value, entry.payer.value, entry.component.value,
                    entry.period.first.days, entry.period.end.days, entry.currency.numeric());
    for (const Posting& posting : entry.postings) {
        text += fmt::format("posting {} {} {}\n", static_cast<int>(posting.account.kind),
                            posting.account.ref, posting.atoms);
    }
    hash.add(text);
}

void add_deleted(std::vector<std::string>& lines, const DeletedUsage& deleted) {
    lines.push_back(fmt::format("deletes before {} {} {}\n", deleted.before.days, deleted.who,
                                deleted.because));
    for (const DeletedRows& row : deleted.rows) {
        lines.push_back(fmt::format("deletes {} {} {} {} {}\n", row.table, row.of.value,
                                    row.source.value, row.records, row.atoms));
    }
    for (const Hash128& session : deleted.sessions)
        lines.push_back(fmt::format("deletes session {} {}\n", session.high, session.low));
}

}  // namespace

std::string chain_of(const std::string& previous, BatchSeal seal) {
    std::vector<std::string> lines;
    for (const auto& [range, source_hash] : seal.ranges) {
        lines.push_back(fmt::format("range {} {} {} {}\n", range.source.value, range.from, range.to,
                                    source_hash));
    }
    for (const ControlTotals& row : seal.controls) {
        lines.push_back(fmt::format("control {} {} {}{}\n", row.source.value,
                                    static_cast<int>(row.perspective), row.received,
                                    joined(row.outcomes)));
    }
    for (const QuantityTotals& row : seal.quantities) {
        lines.push_back(fmt::format("quantity {} {} {} {}{}\n", row.source.value,
                                    static_cast<int>(row.perspective), row.meter.value,
                                    row.received, joined(row.outcomes)));
    }
    for (const auto& [currency, atoms] : seal.rated_atoms)
        lines.push_back(fmt::format("rated {} {}\n", currency, atoms));
    for (const SuspenseFix& fix : seal.fixes) {
        lines.push_back(fmt::format("fix {} {} {} {} {} {}\n", fix.id, fix.at.micros, fix.field,
                                    fix.value, fix.who, fix.because));
    }
    for (const WindowTotals& row : seal.windows) {
        lines.push_back(fmt::format("windows {} {} {} {} {} {} {} {} {}\n", row.source.value,
                                    static_cast<int>(row.perspective), row.meter.value,
                                    static_cast<int>(row.function), row.parts, row.sum, row.rated,
                                    row.zero_rated, row.quantity));
    }
    for (const TakenBackTotals& row : seal.taken_back) {
        lines.push_back(fmt::format("taken back {} {} {} {} {}{}\n", row.source.value,
                                    static_cast<int>(row.perspective), row.records, row.dropped,
                                    row.again ? 1 : 0, joined(row.outcomes)));
    }
    for (const std::string& path : seal.retires) lines.push_back("retires " + path + "\n");
    if (seal.deletes) add_deleted(lines, *seal.deletes);
    for (const auto& [path, file_hash] : seal.files)
        lines.push_back(fmt::format("file {} {}\n", path, file_hash));
    std::sort(lines.begin(), lines.end());
    Sha256 hash;
    hash.add(fmt::format("farthing batch 1\nprevious {}\nbatch {} {} {} {}\n", previous,
                         seal.id.value, seal.feed.value, seal.kind, seal.committed_at.micros));
    for (const std::string& line : lines) hash.add(line);
    for (const Entry& entry : seal.entries) add_entry(hash, entry);
    return hash.hex();
}

}  // namespace farthing::store
