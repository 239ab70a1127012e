// A session as bytes.
//
//   session  := version(1 byte = 1 to 6) id subscription last ended forgotten_below charging_id
//               client network counted_at count { ended told known_as } count { group service }
//               count { number content answer }
//   service  := meter network called calling key_high key_low start raw answered filed told granted
//               held_until since reported refunded
//   answer   := why count { group why suspense granted final valid charged overrun whose_cap }
//
// Numbers are varints of 7 bits, least significant first, signed ones zigzag-coded; sums of atoms
// are their two halves; texts have their length before them; reasons are texts. Version 1 has no
// charging_id and no `filed`, and `legs`, which nothing reads any more, in the place of `told`;
// versions 1 and 2 have no client. Up to version 3 a request's number has 32 bits. `ended` is 2
// where the session is of events; up to version 4, which has no network, it is 1 there too. Version
// 5 has neither `counted_at` nor earlier sessions, and its answers no `whose_cap`; of what was
// reported it has `told` and, in the place of `reported`, what came before that, which version 4
// has not.
#include <algorithm>

#include "base/assert.h"
#include "base/packing.h"
#include "charging/session.h"

namespace farthing::charging {

namespace {

constexpr std::uint8_t kVersion = 6;

// By its name: the order of reasons may change between releases. The usual one is empty.
template <class Reason>
void pack_reason(Packer& out, Reason why) {
    out.text(why == Reason{} ? std::string_view() : name_of(why));
}
template <class Reason>
Reason unpack_reason(Unpacker& in) {
    const std::string name = in.text();
    if (name.empty()) return Reason{};
    const auto why = reason_named<Reason>(name);
    if (!why) in.refuse();
    return why.value_or(Reason{});
}

void pack_service(Packer& out, const Service& service) {
    out.whole(service.meter.value);
    out.whole(service.network.value);
    out.text(service.called);
    out.text(service.calling);
    out.whole(service.sum.key.high);
    out.whole(service.sum.key.low);
    out.integer(service.sum.start.micros);
    out.integer(service.sum.raw);
    out.whole(service.sum.answered ? 1 : 0);
    out.integer(service.sum.filed);
    out.integer(service.told);
    out.integer(service.granted);
    out.integer(service.held_until.micros);
    out.integer(service.since.micros);
    out.integer(service.sum.reported);
    out.integer(service.sum.refunded);
}

Service unpack_service(Unpacker& in, std::uint64_t version) {
    Service service;
    service.meter = {in.small<std::uint16_t>()};
    service.network = {in.small<std::uint32_t>()};
    service.called = in.text();
    service.calling = in.text();
    service.sum.key.high = in.whole();
    service.sum.key.low = in.whole();
    service.sum.start = {in.integer()};
    service.sum.raw = in.integer();
    service.sum.answered = in.whole() != 0;
    if (version > 1) {
        service.sum.filed = in.integer();
        service.told = in.integer();
    } else {
        (void)in.small<std::uint32_t>();
        service.told = service.sum.raw;
    }
    service.granted = in.integer();
    service.held_until = {in.integer()};
    service.since = {in.integer()};
    if (version > 4) service.sum.reported = in.integer();
    if (version < 6 &&
        __builtin_add_overflow(service.sum.reported, service.told, &service.sum.reported))
        in.refuse();
    if (version > 5) service.sum.refunded = in.integer();
    return service;
}

void pack_answer(Packer& out, const Answer& answer) {
    pack_reason(out, answer.why);
    out.whole(answer.services.size());
    for (const ServiceAnswer& service : answer.services) {
        out.whole(service.group);
        pack_reason(out, service.why);
        pack_reason(out, service.suspense);
        out.integer(service.granted);
        out.whole(service.final ? 1 : 0);
        out.integer(service.valid_seconds);
        out.wide(service.charged_atoms);
        out.wide(service.overrun_atoms);
        out.whole(service.whose_cap.value);
    }
}

Answer unpack_answer(Unpacker& in, std::uint64_t version) {
    Answer answer;
    answer.why = unpack_reason<ChargeReason>(in);
    answer.repeated = true;  // it was told before
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        ServiceAnswer service;
        service.group = in.small<std::uint32_t>();
        service.why = unpack_reason<ChargeReason>(in);
        service.suspense = unpack_reason<SuspenseReason>(in);
        service.granted = in.integer();
        service.final = in.whole() != 0;
        service.valid_seconds = static_cast<std::int32_t>(in.integer());
        service.charged_atoms = in.wide();
        service.overrun_atoms = in.wide();
        if (version > 5) service.whose_cap = {in.small<std::uint32_t>()};
        answer.services.push_back(service);
    }
    return answer;
}

void pack_kept(Packer& out, const KeptAnswer& kept) {
    out.whole(kept.number);
    out.whole(kept.content);
    pack_answer(out, kept.answer);
}

KeptAnswer unpack_kept(Unpacker& in, std::uint64_t version = kVersion) {
    KeptAnswer kept;
    kept.number = in.whole();
    kept.content = in.whole();
    kept.answer = unpack_answer(in, version);
    return kept;
}

}  // namespace

std::optional<KeptAnswer> KeptAnswers::numbered(std::uint64_t number) const {
    if (empty() || number > newest_) return std::nullopt;
    Unpacker in(bytes_);
    for (std::uint32_t left = size_; left > 0; --left) {
        KeptAnswer kept = unpack_kept(in);
        if (kept.number == number) return kept;
    }
    return std::nullopt;
}

std::optional<KeptAnswer> KeptAnswers::find(const std::function<bool(std::uint64_t)>& such) const {
    Unpacker in(bytes_);
    for (std::uint32_t left = size_; left > 0; --left) {
        KeptAnswer kept = unpack_kept(in);
        if (such(kept.content)) return kept;
    }
    return std::nullopt;
}

void KeptAnswers::add(const KeptAnswer& kept) {
    const std::string_view known = bytes_;
    std::string_view after;  // of greater numbers
    if (!empty() && kept.number < newest_) {
        Unpacker in(known);
        do {
            after = in.rest();
        } while (unpack_kept(in).number < kept.number);
    }
    Packer all;
    all.packed(known.substr(0, known.size() - after.size()));
    pack_kept(all, kept);
    all.packed(after);
    bytes_ = all.take();
    newest_ = empty() ? kept.number : std::max(newest_, kept.number);
    size_ += 1;
}

std::uint64_t KeptAnswers::drop_oldest() {
    FARTHING_ASSERT(!empty());
    Unpacker in(bytes_);
    const std::uint64_t oldest = unpack_kept(in).number;
    bytes_ = LeanText(in.rest());
    size_ -= 1;
    if (empty()) newest_ = 0;
    return oldest;
}

void KeptAnswers::read(Unpacker& in, std::uint64_t version) {
    const std::uint64_t count = in.count();
    const std::string_view bytes = in.rest();
    Packer anew;  // of a version before
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        const KeptAnswer kept = unpack_kept(in, version);
        if (i > 0 && kept.number <= newest_) in.refuse();
        newest_ = kept.number;
        if (version < kVersion) pack_kept(anew, kept);
    }
    bytes_ = version < kVersion ? LeanText(anew.take())
                                : LeanText(bytes.substr(0, bytes.size() - in.rest().size()));
    size_ = static_cast<std::uint32_t>(count);
}

std::string pack_session(const Session& session) {
    Packer out;
    out.whole(kVersion);
    out.text(session.id);
    out.whole(session.subscription.value);
    out.integer(session.last.micros);
    out.whole(session.ended ? (session.events ? 2 : 1) : 0);
    out.whole(session.forgotten_below);
    out.text(session.charging_id);
    out.text(session.client);
    out.whole(session.network.value);
    out.integer(session.counted_at.micros);
    out.whole(session.earlier.size());
    for (const EarlierSession& earlier : session.earlier) {
        out.integer(earlier.ended.micros);
        out.integer(earlier.told);
        out.text(earlier.known_as);
    }
    out.whole(session.services.size());
    for (const auto& [group, service] : session.services) {
        out.whole(group);
        pack_service(out, service);
    }
    out.whole(session.answers.size());
    out.packed(session.answers.bytes());
    return out.take();
}

Result<Session> unpack_session(std::string_view bytes) {
    Unpacker in(bytes);
    const std::uint64_t version = in.whole();
    if (version < 1 || version > kVersion) in.refuse();
    Session session;
    session.id = in.text();
    session.subscription = {in.small<std::uint32_t>()};
    session.last = {in.integer()};
    const std::uint64_t ended = in.whole();
    session.ended = ended != 0;
    session.events = version > 4 ? ended == 2 : session.ended;
    session.forgotten_below = in.whole();
    if (version > 1) session.charging_id = in.text();
    if (version > 2) session.client = in.text();
    if (version > 4) session.network = {in.small<std::uint32_t>()};
    if (version > 5) {
        session.counted_at = {in.integer()};
        for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left)
            session.earlier.push_back({{in.integer()}, in.integer(), LeanText(in.text())});
    }
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        const auto group = in.small<std::uint32_t>();
        session.services[group] = unpack_service(in, version);
    }
    session.answers.read(in, version);
    if (!in.at_end()) return fail(KeptSessionReason::charge_session_damaged);
    return session;
}

}  // namespace farthing::charging
