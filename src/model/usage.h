// Usage on its way: columns of at most 32 Ki records. Strings live only until guiding turned them
// into ids.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/instant.h"
#include "model/ids.h"
#include "model/outcome.h"

namespace farthing {

constexpr std::size_t kChunkRecordsMax = 32 * 1024;
constexpr std::int64_t kQuantityMax = std::int64_t{1}
                                      << 53;  // more in one record is a fault of its source

// Which namespace an identity belongs to; the name is also the field name in feeds and imports.
// A destination is a called number or address whose owner pays, "1234567890" or, for one service,
// "1234567890|voice".
enum class IdentityKind : std::uint8_t {
    device,
    iccid,
    imsi,
    msisdn,
    did,
    subscription,
    destination
};
constexpr std::array<std::string_view, 7> kIdentityKindNames = {
    "device", "iccid", "imsi", "msisdn", "did", "subscription", "destination"};
constexpr std::string_view name_of(IdentityKind kind) {
    return kIdentityKindNames[static_cast<std::size_t>(kind)];
}

// A serving network: mobile country code, and network code where known. 0 is "none". Two-digit and
// three-digit network codes differ ("01" is not "001").
struct NetworkKey {
    std::uint32_t value = 0;
    constexpr auto operator<=>(const NetworkKey&) const = default;
    explicit constexpr operator bool() const { return value != 0; }
    constexpr NetworkKey country() const {
        return {value / 10'000 * 10'000};
    }  // without the network code
    // "244", "244-05", "24405" or "310410"; none when malformed.
    static constexpr NetworkKey parse(std::string_view text) {
        std::uint32_t digits = 0;
        std::size_t count = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '-' && i == 3) continue;
            if (text[i] < '0' || text[i] > '9' || count == 6) return {};
            digits = digits * 10 + static_cast<std::uint32_t>(text[i] - '0');
            count += 1;
        }
        if (count == 3) return {digits * 10'000};
        if (count == 5) return {digits / 100 * 10'000 + 1'000 + digits % 100};
        if (count == 6) return {digits / 1'000 * 10'000 + 2'000 + digits % 1'000};
        return {};
    }
};

// "244-05", "310-410" or "244"; empty for none.
std::string to_string(NetworkKey network);

// Records of sessions that were charged while they happened: each tells the session's total, or a
// part of it.
enum class CountedOnline : std::uint8_t { no, totals, parts };

// One column per field, all of the same length. Views point into the source's buffer, which
// outlives the chunk. A record that failed on the way keeps its row, with outcome and reason set;
// later stages pass it over.
struct UsageChunk {
    SourceId source;

    // Decoded.
    std::vector<std::int64_t>
        line;  // 1-based record number in the source, as an editor counts lines
    std::vector<std::string_view> raw;  // the record as received
    std::vector<std::string_view> id;   // the source's own record id; may be empty
    std::vector<IdentityKind> identity_kind;
    std::vector<std::string_view> identity;
    std::vector<MeterId> meter;
    std::vector<Instant> start;
    std::vector<Instant> end;            // = start where the source names none
    std::vector<std::int64_t> quantity;  // in the meter's base unit
    std::vector<NetworkKey> network;
    std::vector<std::string_view> called;  // normalised digits
    std::vector<std::string_view> calling;
    std::array<std::vector<std::int64_t>, 2>
        reading;  // what the feed keeps besides (`keep:`), 0 where absent

    // Parts of sessions. Both columns are empty unless the feed tells parts, so that others pay
    // nothing; set `in_parts` before resize.
    bool in_parts = false;
    std::vector<Hash128> session;         // zero: the record is the whole session
    std::vector<std::uint8_t> last_part;  // 1: closes its session
    // Whether others charge the sessions too, and how rows tell of them. `counted`: of a row's
    // quantity, what was counted before it; empty unless set before resize.
    CountedOnline counted_online = CountedOnline::no;
    bool tells_counted = false;
    std::vector<std::int64_t> counted;
    // Calls that nobody answered: empty unless the feed tells them; set `tells_answer` before
    // resize.
    bool tells_answer = false;
    std::vector<std::uint8_t> unanswered;

    // Records that stand for others: empty unless there are such; set `tells_parts` before resize.
    bool tells_parts = false;
    std::vector<std::int64_t> parts;    // how many it stands for; 0: itself alone
    std::vector<std::uint64_t> digest;  // the sum, modulo 2^64, of the hashes of its parts

    // Whether the archive keeps `key`: where its columns do not tell it.
    bool keeps_key = false;
    // Whether it keeps `identity`: where keys are told by it, or costs are rated.
    bool keeps_identity = false;
    // Rows by another identity than the first of their subscription: theirs is kept all the same.
    // Empty unless the feed's slots need it; set `tells_further` before resize.
    bool tells_further = false;
    std::vector<std::uint8_t> further;
    // Who carried the record, by the feed: empty unless the feed rates costs; set `tells_carrier`
    // before resize.
    bool tells_carrier = false;
    std::vector<std::string_view> carrier;
    // What the carrier asks for it, as its invoice says; likewise.
    bool tells_amount = false;
    std::vector<std::string_view> amount;

    // Dedup: `key` names the record, `content` is what must agree when the key comes again.
    std::vector<Hash128> key;
    std::vector<std::uint64_t> content;

    // Guided.
    std::vector<SubscriptionId> subscription;

    // Where the record went so far: `rated` means "still on its way".
    std::vector<Outcome> outcome;
    std::vector<SuspenseReason> reason;

    std::size_t size() const { return line.size(); }
    void resize(std::size_t records);  // new rows are zero, on their way
    bool answered(std::size_t row) const { return !tells_answer || unanswered[row] == 0; }
    bool live(std::size_t row) const { return outcome[row] == Outcome::rated; }
    std::int64_t counted_of(std::size_t row) const { return tells_counted ? counted[row] : 0; }
    Hash128 session_of(std::size_t row) const { return in_parts ? session[row] : Hash128{}; }
    bool closes_session(std::size_t row) const { return in_parts && last_part[row] != 0; }
    bool is_further(std::size_t row) const { return tells_further && further[row] != 0; }
    bool keeps_identity_of(std::size_t row) const { return keeps_identity || is_further(row); }
    void suspend(std::size_t row, SuspenseReason why) {
        outcome[row] = Outcome::suspended;
        reason[row] = why;
    }
};

// Copies the chunk's texts and has it point at the copy, which it gives: from then on the chunk
// needs its source's buffer no more.
std::vector<char> keep_texts(UsageChunk& chunk);

// What identifies content: every normalised field but the provenance. The same from a decoded
// record and from the archive's row, so a candidate duplicate is confirmed without keeping a hash
// per record. Uses the subscription, not the identity's text: call it after guiding.
std::uint64_t content_hash(const UsageChunk& chunk, std::size_t row);
// The same for records whose owner need not be known: by the identity's text instead of the
// subscription.
std::uint64_t content_hash_by_identity(const UsageChunk& chunk, std::size_t row);

}  // namespace farthing
