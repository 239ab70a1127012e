#include "mediation/decode_fix.h"

#include <algorithm>

#include "base/instant.h"
#include "base/utf8.h"
#include "mediation/decode_map.h"

namespace farthing::mediation {

namespace {

bool is_read(const Feed& feed, FixField field) {
    const FieldMap map(feed);
    switch (field) {
        case FixField::identity: return !feed.guide.empty();
        case FixField::service: return map.service != kNoSlot;
        case FixField::start: return map.start != kNoSlot;
        case FixField::end: return map.end != kNoSlot;
        case FixField::duration: return map.duration != kNoSlot;
        case FixField::quantity: return !map.quantities.empty();
        case FixField::called: return map.called != kNoSlot;
        case FixField::calling: return map.calling != kNoSlot;
        case FixField::network: return map.network != kNoSlot;
        case FixField::carrier: return map.carrier != kNoSlot;
    }
    return false;
}

}  // namespace

Result<FieldFix> read_fix(const Feed& feed, std::string_view field, std::string value) {
    const auto known = std::ranges::find(kFixFieldNames, field);
    if (known == kFixFieldNames.end())
        return fail(FixReason::fix_unknown_field,
                    "records have no field \"" + printable(field) + "\"");
    FieldFix fix{static_cast<FixField>(known - kFixFieldNames.begin()), std::move(value)};
    if (!is_read(feed, fix.field))
        return fail(FixReason::fix_field_not_mapped,
                    "the feed " + feed.name + " reads no field \"" + std::string(field) + "\"");
    if (fix.value.empty() || (is_time(fix.field) && !parse_rfc3339(fix.value)))
        return fail(FixReason::fix_bad_value,
                    "\"" + printable(fix.value) + "\" is no " + std::string(field));
    return fix;
}

// Of the first rule, which counts before the others once its field is filled.
Slot Mapper::identity_slot() const {
    switch (feed_.guide.front().from) {
        case Feed::GuideRule::From::field: return map_.guide.front();
        case Feed::GuideRule::From::called: return map_.called;
        case Feed::GuideRule::From::calling: return map_.calling;
    }
    return kNoSlot;
}

// Which slots of a record a fix replaces, and by what: a quantity that is a sum becomes the first
// term alone.
void Mapper::correct(std::span<const FieldFix> fixes) {
    const auto put = [&](Slot slot, std::string_view text) {
        if (slot != kNoSlot) corrections_.emplace_back(slot, std::string(text));
    };
    for (const FieldFix& fix : fixes) {
        switch (fix.field) {
            case FixField::identity: put(identity_slot(), fix.value); break;
            case FixField::service: put(map_.service, fix.value); break;
            case FixField::start: put(map_.start, fix.value); break;
            case FixField::end: put(map_.end, fix.value); break;
            case FixField::duration: put(map_.duration, fix.value); break;
            case FixField::quantity:
                for (const Service& service : services_) {
                    for (const Slot slot : service.quantities)
                        put(slot, slot == service.quantities.front() ? fix.value : "0");
                }
                break;
            case FixField::called: put(map_.called, fix.value); break;
            case FixField::calling: put(map_.calling, fix.value); break;
            case FixField::network: put(map_.network, fix.value); break;
            case FixField::carrier: put(map_.carrier, fix.value); break;
        }
        const TimeReader exact({TimeRules::Kind::rfc3339, {}}, feed_.zone);
        if (fix.field == FixField::start) start_reader_ = exact, start_clock_ = kNoSlot;
        if (fix.field == FixField::end) end_reader_ = exact, end_clock_ = kNoSlot;
    }
}

void Mapper::correct(Rows rows) const {
    for (const Row& one : rows) {
        for (const auto& [slot, text] : corrections_) one.fields[slot] = text;
    }
}

}  // namespace farthing::mediation
