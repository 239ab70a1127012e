#include "api/deliverer.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <map>
#include <set>

#include "api/listen.h"
#include "api/webhook_post.h"

namespace farthing::api {

namespace {

namespace asio = boost::asio;
constexpr auto kLook = std::chrono::milliseconds(500);

}  // namespace

struct Deliverer::State {
    Source source;
    asio::io_context context{1};
    std::set<std::uint32_t> busy;  // receivers

    asio::awaitable<void> pause() {
        asio::steady_timer timer(context, kLook);
        co_await timer.async_wait(kAsTuple);
    }

    // The notices of one receiver; after one that fails the others come another time.
    asio::awaitable<void> bring(std::vector<Delivery> deliveries) {
        for (const Delivery& one : deliveries) {
            const engine::WebhookOutcome outcome =
                co_await post_webhook(one, source.now().micros / kMicrosPerSecond);
            while (!source.done(one, outcome)) co_await pause();
            if (!outcome.error.empty()) {
                busy.erase(one.webhook.id);
                co_return;
            }
        }
        busy.erase(deliveries.front().webhook.id);
        (void)look();  // for more
    }

    // False: nothing was due.
    bool look() {
        std::map<std::uint32_t, std::vector<Delivery>> due;
        for (Delivery& one : source.due()) {
            if (!busy.contains(one.webhook.id)) due[one.webhook.id].push_back(std::move(one));
        }
        for (auto& [webhook, deliveries] : due) {
            busy.insert(webhook);
            asio::co_spawn(context, bring(std::move(deliveries)), asio::detached);
        }
        return !due.empty();
    }

    asio::awaitable<void> keep_looking() {
        while (true) {
            (void)look();
            co_await pause();
        }
    }
};

Deliverer::Deliverer(Source source) : state_(std::make_unique<State>()) {
    state_->source = std::move(source);
}
Deliverer::~Deliverer() = default;

void Deliverer::run_once() {
    while (state_->look()) {
        state_->context.run();
        state_->context.restart();
    }
}

void Deliverer::run() {
    asio::co_spawn(state_->context, state_->keep_looking(), asio::detached);
    state_->context.run();
}

void Deliverer::stop() {
    state_->context.stop();
}

}  // namespace farthing::api
