// How the player speaks one protocol: what it asks as bytes, and what it is told. Knows no sockets.
// Private to this room.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/player.h"
#include "base/instant.h"
#include "model/quantity.h"

namespace farthing::api {

// One session after the other, each by its own device; a request of it is on its way, or none.
struct Lane {
    std::size_t index = 0;       // of all lanes
    std::size_t connection = 0;  // by which it goes
    std::int64_t session = 0;
    std::int64_t number = 0;  // 0: it begins; beyond the updates: it ends
    std::int64_t due = 0;     // steady microseconds
    Instant asked;            // when this request was sent first
    std::string reference;    // of the session, where the server names it
};

enum class Told : std::uint8_t { granted, denied, busy };

class Speaker {
  public:
    explicit Speaker(const Play& play) : play_(play) {}
    virtual ~Speaker() = default;
    Speaker(const Speaker&) = delete;
    Speaker& operator=(const Speaker&) = delete;

    virtual bool ready() const { return true; }  // for the first request
    // REQUIRES: the answer before it was told, of this lane.
    virtual void ask(Lane& lane) = 0;
    // Appends what is to be sent.
    virtual void produce(std::string& out) {
        out += out_;
        out_.clear();
    }
    // Takes whole answers from the front, and tells of each whose it is; gives how many bytes.
    using Answered = std::function<void(std::size_t lane, Told told)>;
    virtual Result<std::size_t> take(std::string_view bytes, const Answered& answered) = 0;

  protected:
    bool ends(const Lane& lane) const { return lane.number > play_.updates; }
    std::string subscription_of(const Lane& lane) const {
        return play_.subscriptions + std::to_string(lane.session % play_.count + 1);
    }
    std::string session_of(const Lane& lane) const {
        return play_.run + "-" + std::to_string(lane.session);
    }
    static std::unexpected<Error> no_answer(std::string what) {
        return fail(PlayerReason::server_unreachable, std::move(what));
    }
    static std::unexpected<Error> refused(std::string what) {
        return fail(PlayerReason::server_refuses, std::move(what));
    }

    const Play& play_;
    std::string out_;
};

// What is asked for and reported, as networks count it.
struct PlayedUnits {
    Dimension dimension = Dimension::volume;
    std::int64_t count = 0;  // bytes, seconds, or pieces
};
Result<PlayedUnits> units_of(const Play& play);
bool is_telephone_number(std::string_view name);

std::unique_ptr<Speaker> speak_http(const Play& play);
// Each connection has an Origin-Host of its own.
std::unique_ptr<Speaker> speak_diameter(const Play& play, const PlayedUnits& units,
                                        std::size_t connection);
std::unique_ptr<Speaker> speak_nchf(const Play& play, const PlayedUnits& units);

}  // namespace farthing::api
