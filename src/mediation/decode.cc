#include "mediation/decode.h"

#include <simdjson.h>

#include "mediation/decode_map.h"
#include "mediation/decode_source.h"

namespace farthing::mediation {

namespace {

constexpr std::size_t kRowsMin = 1024;  // of a chunk that grows with its source

bool is_plain_text(std::string_view text) {
    if (!text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr) return false;
    return simdjson::validate_utf8(text.data(), text.size());
}

// Text with bytes that are not UTF-8, or with NUL, is not what the source meant to send. All
// records of a chunk lie one after another, so that clean ones cost one pass over their bytes.
void suspend_foreign_bytes(UsageChunk& chunk) {
    if (chunk.size() == 0) return;
    const char* const begin = chunk.raw.front().data();
    const char* const end = chunk.raw.back().data() + chunk.raw.back().size();
    if (is_plain_text({begin, end})) return;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!is_plain_text(chunk.raw[row])) chunk.suspend(row, SuspenseReason::unparseable);
    }
}

}  // namespace

struct Decoder::State {
    State(const Feed& feed, const catalog::Version& meters, std::string_view bytes,
          std::string_view header)
        : map(feed),
          reader(reader_of(feed, map, bytes, header, arena)),
          mapper(feed, meters, map, arena),
          block(map.slots()),
          in_parts(feed.partials.given()),
          counted_online(feed.partials.counted_online()),
          tells_carrier(feed.rates_cost()),
          tells_amount(feed.amount.given()),
          tells_parts(feed.parts.given()),
          keeps_key(!RecordKey(feed).told_by_columns()),
          keeps_identity(feed.rates_cost() || RecordKey(feed).told_by_identity() ||
                         feed.aggregation.tells_identity()),
          tells_further(feed.slots.micros > 0) {}

    Arena arena;
    FieldMap map;
    RecordReader reader;
    Mapper mapper;
    RecordBlock block;
    bool in_parts;
    CountedOnline counted_online;
    bool tells_carrier;
    bool tells_amount;
    bool tells_parts;
    bool keeps_key;
    bool keeps_identity;
    bool tells_further;
    std::int64_t position = 0;
};

Decoder::Decoder(const Feed& feed, const catalog::Version& meters, std::string_view bytes,
                 std::string_view header, std::span<const FieldFix> fixes)
    : state_(std::make_unique<State>(feed, meters, bytes, header)) {
    if (!fixes.empty()) state_->mapper.correct(fixes);
}
Decoder::~Decoder() = default;

void Decoder::skip_to(std::int64_t record) {
    std::visit(
        [&](auto& reader) {
            while (state_->position < record && reader.skip()) state_->position += 1;
        },
        state_->reader);
}

bool Decoder::next(UsageChunk& chunk, std::size_t records_max) {
    State& state = *state_;
    state.arena.clear();
    chunk.in_parts = state.in_parts;
    chunk.counted_online = state.counted_online;
    chunk.tells_counted = chunk.counted_online != CountedOnline::no;
    chunk.tells_carrier = state.tells_carrier;
    chunk.tells_amount = state.tells_amount;
    chunk.tells_parts = state.tells_parts;
    chunk.keeps_key = state.keeps_key;
    chunk.keeps_identity = state.keeps_identity;
    chunk.tells_further = state.tells_further;
    // Rows that the chunk has from before stay as they are: the mapper writes every column of each.
    chunk.resize(std::min(chunk.size(), records_max));
    std::size_t row = 0;
    std::visit(
        [&](auto& reader) {
            while (row < records_max) {
                const std::size_t most = std::min(RecordBlock::kRecords, records_max - row);
                std::size_t records = 0;
                while (records < most &&
                       reader.next(state.block.record(records), state.block.fields(records)))
                    records += 1;
                if (row + records > chunk.size())
                    chunk.resize(std::min(records_max, row + std::max(kRowsMin, row / 4)));
                state.mapper.map(state.block, records, chunk, row);
                row += records;
                if (records < most) break;
            }
        },
        state.reader);
    chunk.resize(row);
    state.position += static_cast<std::int64_t>(row);
    suspend_foreign_bytes(chunk);
    return row > 0;
}

std::int64_t Decoder::position() const {
    return state_->position;
}

}  // namespace farthing::mediation
