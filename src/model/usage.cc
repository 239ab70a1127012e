#include "model/usage.h"

#include <fmt/format.h>

#include <algorithm>

namespace farthing {

std::string to_string(NetworkKey network) {
    if (!network) return {};
    const std::uint32_t code = network.value % 10'000;
    std::string text = fmt::format("{:03}", network.value / 10'000);
    if (code >= 2'000) return text + fmt::format("-{:03}", code - 2'000);
    return code >= 1'000 ? text + fmt::format("-{:02}", code - 1'000) : text;
}

void UsageChunk::resize(std::size_t records) {
    line.resize(records);
    raw.resize(records);
    id.resize(records);
    identity_kind.resize(records);
    identity.resize(records);
    meter.resize(records);
    start.resize(records);
    end.resize(records);
    quantity.resize(records);
    network.resize(records);
    called.resize(records);
    calling.resize(records);
    for (auto& column : reading) column.resize(records);
    session.resize(in_parts ? records : 0);
    last_part.resize(in_parts ? records : 0);
    counted.resize(tells_counted ? records : 0);
    unanswered.resize(tells_answer ? records : 0);
    parts.resize(tells_parts ? records : 0);
    digest.resize(tells_parts ? records : 0);
    further.resize(tells_further ? records : 0);
    carrier.resize(tells_carrier ? records : 0);
    amount.resize(tells_amount ? records : 0);
    key.resize(records);
    content.resize(records);
    subscription.resize(records);
    outcome.resize(records, Outcome::rated);
    reason.resize(records, SuspenseReason::none);
}

std::vector<char> keep_texts(UsageChunk& chunk) {
    std::vector<std::string_view>* const columns[] = {
        &chunk.raw,     &chunk.id,      &chunk.identity, &chunk.called,
        &chunk.calling, &chunk.carrier, &chunk.amount};
    std::size_t size = 0;
    for (const auto* column : columns)
        for (const std::string_view text : *column) size += text.size();
    std::vector<char> texts(size);
    char* to = texts.data();
    for (auto* column : columns) {
        for (std::string_view& text : *column) {
            char* const end = std::ranges::copy(text, to).out;
            text = {to, end};
            to = end;
        }
    }
    return texts;
}

namespace {

std::uint64_t hash_of(std::uint64_t subject, const UsageChunk& chunk, std::size_t row) {
    std::uint64_t hash = mix64(subject, chunk.meter[row].value);
    hash = mix64(hash, static_cast<std::uint64_t>(chunk.start[row].micros));
    hash = mix64(hash, static_cast<std::uint64_t>(chunk.end[row].micros));
    hash = mix64(hash, static_cast<std::uint64_t>(chunk.quantity[row]));
    hash = mix64(hash, chunk.network[row].value);
    for (const auto& column : chunk.reading)
        hash = mix64(hash, static_cast<std::uint64_t>(column[row]));
    if (const Hash128 session = chunk.session_of(row); session != Hash128{})
        hash = mix64(mix64(mix64(hash, 3), session.high),
                     session.low + (chunk.closes_session(row) ? 1 : 0));
    // Marked by side: a call from A to nobody is not a call from nobody to A.
    if (!chunk.called[row].empty()) hash = mix64(mix64(hash, 1), hash64(chunk.called[row]));
    if (!chunk.calling[row].empty()) hash = mix64(mix64(hash, 2), hash64(chunk.calling[row]));
    return hash;
}

}  // namespace

std::uint64_t content_hash(const UsageChunk& chunk, std::size_t row) {
    return hash_of(chunk.subscription[row].value, chunk, row);
}

std::uint64_t content_hash_by_identity(const UsageChunk& chunk, std::size_t row) {
    return hash_of(
        mix64(hash64(chunk.identity[row]), static_cast<std::uint64_t>(chunk.identity_kind[row])),
        chunk, row);
}

}  // namespace farthing
