#include "mediation/record_key.h"

#include <algorithm>
#include <array>

namespace farthing::mediation {

namespace {

constexpr std::array<std::string_view, 9> kPartNames = {
    "id", "identity", "service", "start", "end", "quantity", "network", "called", "calling"};

template <class Value>
void append_value(std::string& text, const Value& value) {
    text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

void append_key_text(std::string& key, std::string_view text) {
    append_value(key, static_cast<std::uint32_t>(text.size()));
    key += text;
}

RecordKey::RecordKey(const Feed& feed) {
    for (const std::string& name : feed.same_record) {
        const auto part = std::ranges::find(kPartNames, name);
        if (part == kPartNames.end()) continue;
        parts_.push_back(static_cast<Part>(part - kPartNames.begin()));
        has_identity_ = has_identity_ || parts_.back() == Part::identity;
    }
    told_by_columns_ = feed.same_record_fields.empty();
    if (feed.slots.micros > 0) {  // the slot is the key
        told_by_columns_ = true;
        has_identity_ = false;
    }
}

bool RecordKey::id_alone() const {
    return parts_.size() == 1 && parts_[0] == Part::id;
}

void RecordKey::append(const UsageChunk& chunk, std::size_t row, std::string& key) const {
    for (const Part part : parts_) {
        switch (part) {
            case Part::id: append_key_text(key, chunk.id[row]); break;
            case Part::identity:
                append_value(key, chunk.identity_kind[row]);
                append_key_text(key, chunk.identity[row]);
                break;
            case Part::service: append_value(key, chunk.meter[row].value); break;
            case Part::start: append_value(key, chunk.start[row].micros); break;
            case Part::end: append_value(key, chunk.end[row].micros); break;
            case Part::quantity: append_value(key, chunk.quantity[row]); break;
            case Part::network: append_value(key, chunk.network[row].value); break;
            case Part::called: append_key_text(key, chunk.called[row]); break;
            case Part::calling: append_key_text(key, chunk.calling[row]); break;
        }
    }
}

Hash128 RecordKey::of(const UsageChunk& chunk, std::size_t row) const {
    if (id_alone()) return hash128(chunk.id[row]);
    if (parts_.empty()) return {};
    std::string key;
    append(chunk, row, key);
    return hash128(key);
}

}  // namespace farthing::mediation
