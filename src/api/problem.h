// Problems as RFC 9457 writes them. Their codes are the reasons of docs/reference/errors.md.
#pragma once

#include <string>

#include "api/http.h"
#include "base/error.h"
#include "base/reason.h"

namespace farthing {
#define FARTHING_API_REASONS(X)                                                            \
    X(key_missing, "the request carries no API key", "Send `Authorization: Bearer KEY`.")  \
    X(key_unknown, "the API key is not known, or was revoked",                             \
      "Make one with `farthing key add NAME --scope charge`.")                             \
    X(scope_missing, "the API key may not do that",                                        \
      "Use a key whose scope covers it: charge for usage, manage for money and limits.")   \
    X(route_unknown, "there is no such resource", "See docs/reference/api.md.")            \
    X(method_not_allowed, "the resource has no such method", "See docs/reference/api.md.") \
    X(body_malformed, "the body is not the JSON that the resource takes",                  \
      "Mend the field that the message names; see docs/reference/api.md.")                 \
    X(body_too_large, "the body is larger than 64 KiB", "Ask for less at once.")           \
    X(overloaded, "more is waiting than can be charged in time",                           \
      "Send the same request again after the time in Retry-After: it has one effect.")     \
    X(client_unreachable, "no client that is connected has the session",                   \
      "Try again when it is connected, or let the session end by its validity.")           \
    X(tls_unusable, "the certificate or its key can't be used",                            \
      "Give PEM files: the certificate with its chain, and its key without a password.")   \
    X(network_malformed, "that is no network of hosts",                                    \
      "Write an address, or one with its prefix: 10.1.0.0/16.")                            \
    X(address_taken, "the address can't be listened on",                                   \
      "Choose another port, or end the process that has it.")
FARTHING_REASON_ENUM(ApiReason, FARTHING_API_REASONS)
}  // namespace farthing

namespace farthing::api {

HttpAnswer problem(const Error& error);
inline HttpAnswer problem(ApiReason why, std::string detail = {}) {
    return problem(error_of(why, std::move(detail)));
}

}  // namespace farthing::api
