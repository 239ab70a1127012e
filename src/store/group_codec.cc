// Format:
//
//   group := version(1 byte = 1 or 2) batch ~committed_at uses rated again forgotten asleep
//   sessions
//            alerts plan_alerts low no_longer notices open_sessions entries packs rated_atoms
//
// Version 1 has neither `again` nor `asleep`, and of open sessions neither `reported` nor
// `refunded`: what was reported is what was counted.
// Each list as its count and its elements, each element as `walk` walks it; numbers as
// base/packing.h has them, signed ones zigzag-coded.
#include "store/group_codec.h"

#include <type_traits>
#include <vector>

#include "base/packing.h"
#include "store/rated_codec.h"

namespace farthing::store {

namespace {

constexpr std::uint8_t kVersion = 2;

class Writer {
  public:
    template <class T>
    void one(const T& value) {
        if constexpr (std::is_same_v<T, std::string>) {
            out_.text(value);
        } else if constexpr (std::is_same_v<T, Instant>) {
            out_.integer(value.micros);
        } else if constexpr (std::is_same_v<T, Date>) {
            out_.integer(value.days);
        } else if constexpr (std::is_same_v<T, Hash128>) {
            out_.whole(value.high);
            out_.whole(value.low);
        } else if constexpr (std::is_same_v<T, Currency>) {
            out_.whole(value.numeric());
        } else if constexpr (std::is_same_v<T, SuspenseReason>) {
            out_.text(value == SuspenseReason::none ? std::string_view() : name_of(value));
        } else if constexpr (std::is_enum_v<T>) {
            out_.whole(static_cast<std::uint64_t>(value));
        } else if constexpr (std::is_signed_v<T>) {
            out_.integer(value);
        } else if constexpr (std::is_integral_v<T>) {
            out_.whole(value);
        } else {
            out_.whole(value.value);
        }
    }
    template <class T, class Each>
    void list(const std::vector<T>& values, Each each) {
        out_.whole(values.size());
        for (const T& value : values) each(value);
    }
    void rated(const RatedChunk& rated, std::size_t uses) {
        std::vector<std::vector<std::size_t>> rows(uses);
        for (std::size_t i = 0; i < rated.size(); ++i) rows[rated.row[i]].push_back(i);
        for (const auto& of_use : rows) out_.text(pack_rated(rated, of_use));
    }
    Packer& out() { return out_; }
    static std::uint64_t version() { return kVersion; }

  private:
    Packer out_;
};

class Reader {
  public:
    explicit Reader(std::string_view bytes) : in_(bytes) { version_ = in_.whole(); }
    std::uint64_t version() const { return version_; }
    template <class T>
    void one(T& value) {
        if constexpr (std::is_same_v<T, std::string>) {
            value = in_.text();
        } else if constexpr (std::is_same_v<T, Instant>) {
            value.micros = in_.integer();
        } else if constexpr (std::is_same_v<T, Date>) {
            value.days = static_cast<std::int32_t>(in_.integer());
        } else if constexpr (std::is_same_v<T, Hash128>) {
            value.high = in_.whole();
            value.low = in_.whole();
        } else if constexpr (std::is_same_v<T, Currency>) {
            const auto known = Currency::numbered(in_.small<std::uint16_t>());
            if (known) value = *known;
            if (!known) in_.refuse();
        } else if constexpr (std::is_same_v<T, SuspenseReason>) {
            value = reason_named<SuspenseReason>(in_.text()).value_or(SuspenseReason::none);
        } else if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(in_.small<std::underlying_type_t<T>>());
        } else if constexpr (std::is_same_v<T, bool>) {
            value = in_.small<std::uint8_t>() != 0;
        } else if constexpr (std::is_signed_v<T>) {
            value = static_cast<T>(in_.integer());
        } else if constexpr (std::is_integral_v<T>) {
            value = in_.small<T>();
        } else {
            value.value = in_.small<decltype(value.value)>();
        }
    }
    template <class T, class Each>
    void list(std::vector<T>& values, Each each) {
        for (std::uint64_t left = in_.count(); left > 0 && in_.ok(); --left)
            each(values.emplace_back());
    }
    void rated(RatedChunk& rated, std::size_t uses) {
        for (std::size_t use = 0; use < uses && in_.ok(); ++use) {
            if (!unpack_rated(in_.text(), static_cast<std::uint32_t>(use), rated)) in_.refuse();
        }
    }
    Unpacker& in() { return in_; }

  private:
    Unpacker in_;
    std::uint64_t version_ = 0;
};

// One of it that is written, or that is filled.
template <class T, class U>
concept Of = std::is_same_v<std::remove_const_t<T>, U>;

template <class Way, class... Fields>
void walk_all(Way& way, Fields&... fields) {
    (way.one(fields), ...);
}

template <class Way, Of<OnlineUse> T>
void walk(Way& way, T& use) {
    walk_all(way, use.session, use.number, use.group, use.subscription, use.meter, use.network,
             use.called, use.calling, use.start, use.quantity, use.outcome, use.reason,
             use.charge_atoms, use.overrun_atoms, use.key, use.counted);
}
template <class Way, Of<OpenSession> T>
void walk(Way& way, T& session) {
    walk_all(way, session.key, session.start, session.raw, session.answered, session.filed,
             session.closed);
    if (way.version() > 1) {
        walk_all(way, session.reported, session.refunded);
    } else if constexpr (!std::is_const_v<T>) {
        session.reported = session.raw > session.filed ? session.raw : 0;
    }
}
template <class Way, Of<Entry> T>
void walk(Way& way, T& entry) {
    walk_all(way, entry.kind, entry.reverses, entry.payer, entry.component, entry.period.first,
             entry.period.end, entry.currency);
    way.list(entry.postings, [&](auto& posting) {
        walk_all(way, posting.account.kind, posting.account.ref, posting.atoms);
    });
}
template <class Way, Of<OnlineDelta> T>
void walk(Way& way, T& online) {
    way.list(online.uses, [&](auto& use) { walk(way, use); });
    way.rated(online.rated, online.uses.size());
    if (way.version() > 1)
        way.list(online.again, [&](auto& place) { walk_all(way, place.batch, place.position); });
    way.list(online.forgotten, [&](auto& id) { way.one(id); });
    if (way.version() > 1)
        way.list(online.asleep, [&](auto& session) { walk_all(way, session.id, session.bytes); });
    way.list(online.sessions, [&](auto& session) { walk_all(way, session.id, session.bytes); });
    way.list(online.alerts, [&](auto& alert) {
        walk_all(way, alert.account, alert.cycle, alert.percent, alert.at);
    });
    way.list(online.plan_alerts, [&](auto& alert) {
        walk_all(way, alert.plan, alert.subscription, alert.account, alert.cycle, alert.percent,
                 alert.at);
    });
    for (auto* accounts : {&online.low, &online.no_longer})
        way.list(*accounts, [&](auto& account) { way.one(account); });
    way.list(online.notices, [&](auto& notice) {
        walk_all(way, notice.type, notice.at, notice.account, notice.body);
    });
}

// What is written and what is read: both walk it the same way.
template <class Way, Of<ChargedGroup> T>
void walk(Way& way, T& group) {
    auto& commit = group.commit;
    walk_all(way, group.batch, commit.committed_at);
    walk(way, *commit.online);
    way.list(commit.open_sessions, [&](auto& session) { walk(way, session); });
    way.list(commit.entries, [&](auto& entry) { walk(way, entry); });
    way.list(commit.packs, [&](auto& pack) {
        walk_all(way, pack.key.perspective, pack.key.owner_kind, pack.key.window_first,
                 pack.key.block, pack.bytes);
    });
    way.list(commit.rated_atoms, [&](auto& sum) { walk_all(way, sum.first, sum.second); });
}

}  // namespace

std::string pack_group(const ChargedGroup& group) {
    Writer writer;
    writer.out().whole(kVersion);
    walk(writer, group);
    return writer.out().take();
}

std::optional<ChargedGroup> unpack_group(std::string_view bytes) {
    Reader reader(bytes);
    if (reader.version() < 1 || reader.version() > kVersion) return std::nullopt;
    ChargedGroup group;
    group.commit.kind = "charge";
    group.commit.online.emplace();
    walk(reader, group);
    if (!reader.in().at_end()) return std::nullopt;
    return group;
}

}  // namespace farthing::store
