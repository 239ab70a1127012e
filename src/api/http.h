// What the routes see of HTTP: a request in, an answer out, whoever carries them.
#pragma once

#include <functional>
#include <string>

namespace farthing::api {

struct HttpRequest {
    std::string method;
    std::string path;             // without the query, as it was sent
    std::string authorization;    // the header's value
    std::string idempotency_key;  // likewise
    std::string body;
};

struct HttpAnswer {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    bool replayed = false;      // told before, by an idempotency key
    int retry_after = 0;        // seconds; 0: not said
    bool asks_for_key = false;  // 401: WWW-Authenticate
};

// Called once, from any thread.
using HttpReply = std::function<void(HttpAnswer)>;

}  // namespace farthing::api
