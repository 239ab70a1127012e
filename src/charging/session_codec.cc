// A session as bytes.
//
//   session  := version(1 byte = 1) id subscription last ended forgotten_below
//               count { group service } count { number content answer }
//   service  := meter network called calling leg_high leg_low start raw answered legs granted
//               held_until since
//   answer   := why count { group why suspense granted final valid charged overrun }
//
// Numbers are varints of 7 bits, least significant first, signed ones zigzag-coded; sums of atoms
// are their two halves; texts have their length before them; reasons are texts.
#include <algorithm>

#include "charging/session.h"

namespace farthing::charging {

namespace {

constexpr std::uint8_t kVersion = 1;

class Packer {
  public:
    void whole(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
        bytes_.push_back(static_cast<char>(value));
    }
    void integer(std::int64_t value) {
        whole((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void wide(i128 value) {
        integer(static_cast<std::int64_t>(value >> 64));
        whole(static_cast<std::uint64_t>(value));
    }
    void text(std::string_view value) {
        whole(value.size());
        bytes_ += value;
    }
    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
};

// Past the first fault everything reads as zero.
class Unpacker {
  public:
    explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
    std::uint64_t whole() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64 && ok_; shift += 7) {
            if (bytes_.empty()) break;
            const auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80) return value;
        }
        ok_ = false;
        return 0;
    }
    std::int64_t integer() {
        const std::uint64_t value = whole();
        return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
    }
    template <class T>
    T small() {
        const std::uint64_t value = whole();
        ok_ = ok_ && value <= static_cast<std::uint64_t>(T(-1));
        return ok_ ? static_cast<T>(value) : T{};
    }
    i128 wide() {
        const i128 high = integer();
        return high * (i128{1} << 64) + static_cast<i128>(whole());
    }
    std::string text() {
        const std::uint64_t size = whole();
        ok_ = ok_ && size <= bytes_.size();
        if (!ok_) return {};
        std::string value(bytes_.substr(0, size));
        bytes_.remove_prefix(size);
        return value;
    }
    // Each element is a byte at least: no count can ask for more memory than there are bytes.
    std::uint64_t count() {
        const std::uint64_t value = whole();
        ok_ = ok_ && value <= bytes_.size();
        return ok_ ? value : 0;
    }
    void refuse() { ok_ = false; }
    bool ok() const { return ok_; }
    bool at_end() const { return ok_ && bytes_.empty(); }

  private:
    std::string_view bytes_;
    bool ok_ = true;
};

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
    out.whole(service.leg.key.high);
    out.whole(service.leg.key.low);
    out.integer(service.leg.start.micros);
    out.integer(service.leg.raw);
    out.whole(service.leg.answered ? 1 : 0);
    out.whole(service.legs);
    out.integer(service.granted);
    out.integer(service.held_until.micros);
    out.integer(service.since.micros);
}

Service unpack_service(Unpacker& in) {
    Service service;
    service.meter = {in.small<std::uint16_t>()};
    service.network = {in.small<std::uint32_t>()};
    service.called = in.text();
    service.calling = in.text();
    service.leg.key.high = in.whole();
    service.leg.key.low = in.whole();
    service.leg.start = {in.integer()};
    service.leg.raw = in.integer();
    service.leg.answered = in.whole() != 0;
    service.legs = in.small<std::uint32_t>();
    service.granted = in.integer();
    service.held_until = {in.integer()};
    service.since = {in.integer()};
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
    }
}

Answer unpack_answer(Unpacker& in) {
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
        answer.services.push_back(service);
    }
    return answer;
}

}  // namespace

std::string pack_session(const Session& session) {
    Packer out;
    out.whole(kVersion);
    out.text(session.id);
    out.whole(session.subscription.value);
    out.integer(session.last.micros);
    out.whole(session.ended ? 1 : 0);
    out.whole(session.forgotten_below);
    out.whole(session.services.size());
    for (const auto& [group, service] : session.services) {
        out.whole(group);
        pack_service(out, service);
    }
    out.whole(session.answers.size());
    for (const auto& [number, kept] : session.answers) {
        out.whole(number);
        out.whole(kept.content);
        pack_answer(out, kept.answer);
    }
    return out.take();
}

Result<Session> unpack_session(std::string_view bytes) {
    Unpacker in(bytes);
    if (in.whole() != kVersion) in.refuse();
    Session session;
    session.id = in.text();
    session.subscription = {in.small<std::uint32_t>()};
    session.last = {in.integer()};
    session.ended = in.whole() != 0;
    session.forgotten_below = in.small<std::uint32_t>();
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        const auto group = in.small<std::uint32_t>();
        session.services[group] = unpack_service(in);
    }
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        const auto number = in.small<std::uint32_t>();
        const std::uint64_t content = in.whole();
        session.answers[number] = {content, unpack_answer(in)};
    }
    if (!in.at_end()) return fail(KeptSessionReason::charge_session_damaged);
    return session;
}

}  // namespace farthing::charging
