// The open sessions that a batch's records are parts of. Parts contribute differences: what the
// session comes to with them, less what it came to before (R0, EC15, EC35).
#pragma once

#include <unordered_map>
#include <vector>

#include "model/open_session.h"
#include "model/usage.h"

namespace farthing::rating {

// The key of a record's session. A source may count several meters of one session under one id.
inline Hash128 session_key(Hash128 session, MeterId meter, SubscriptionId subscription) {
    if (session == Hash128{}) return {};
    return {mix64(session.high, meter.value), mix64(session.low, subscription.value)};
}
inline Hash128 session_key(const UsageChunk& chunk, std::size_t row) {
    return session_key(chunk.session_of(row), chunk.meter[row], chunk.subscription[row]);
}

class SessionBook {
  public:
    // Whether it knows that there is, or is not, such an open session.
    bool knows(const Hash128& key) const { return entries_.contains(key); }
    // What the store has; none: it has no such session.
    void learn(const Hash128& key, const OpenSession* stored) {
        Entry entry;
        entry.stored = entry.open = stored != nullptr;
        if (stored != nullptr) entry.session = *stored;
        entries_.emplace(key, entry);
    }
    // Begins a session anew: all of its parts come again.
    void restart(const Hash128& key, bool stored) {
        Entry entry;
        entry.stored = stored;
        entry.changed = true;
        entries_[key] = entry;
    }
    // nullptr where no part of it was rated yet.
    const OpenSession* find(const Hash128& key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() || !found->second.open ? nullptr : &found->second.session;
    }
    void set(const OpenSession& session) {
        Entry& entry = entries_[session.key];
        entry.session = session;
        entry.open = entry.changed = true;
    }
    // What a commit writes: sessions as they stand, and the stored ones of which nothing is left.
    struct Changes {
        std::vector<OpenSession> open;
        std::vector<Hash128> closed;
    };
    Changes changes() const {
        Changes changes;
        for (const auto& [key, entry] : entries_) {
            if (!entry.changed) continue;
            if (entry.open) {
                changes.open.push_back(entry.session);
            } else if (entry.stored) {
                changes.closed.push_back(key);
            }
        }
        return changes;
    }

  private:
    struct Entry {
        OpenSession session;
        bool open = false;
        bool stored = false;
        bool changed = false;
    };
    struct KeyHash {
        std::size_t operator()(const Hash128& key) const { return mix64(key.high, key.low); }
    };
    std::unordered_map<Hash128, Entry, KeyHash> entries_;
};

}  // namespace farthing::rating
