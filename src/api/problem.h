// Problems as RFC 9457 writes them. Their codes are the reasons of docs/reference/errors.md.
#pragma once

#include <string>

#include "api/http.h"
#include "base/error.h"
#include "base/reason.h"

namespace farthing {
#define FARTHING_API_REASONS(X)                                                              \
    X(key_missing, "the request carries no API key", "Send `Authorization: Bearer KEY`.")    \
    X(key_unknown, "the API key is not known, or was revoked",                               \
      "Make one with `farthing key add NAME --scope charge`.")                               \
    X(scope_missing, "the API key may not do that",                                          \
      "Use a key whose scope covers it: charge for usage, manage for money and limits.")     \
    X(route_unknown, "there is no such resource", "See docs/reference/api.md.")              \
    X(method_not_allowed, "the resource has no such method", "See docs/reference/api.md.")   \
    X(body_malformed, "the body is not the JSON that the resource takes",                    \
      "Mend the field that the message names; see docs/reference/api.md.")                   \
    X(body_too_large, "the body is larger than 64 KiB", "Ask for less at once.")             \
    X(overloaded, "more is waiting than can be charged in time",                             \
      "Send the same request again after the time in Retry-After: it has one effect.")       \
    X(client_unreachable, "no client that is connected has the session",                     \
      "Try again when it is connected, or let the session end by its validity.")             \
    X(client_not_told, "a client that was to be asked did not take the request",             \
      "Ask again; until then it comes back by its validity, or the session ends by it.")     \
    X(tls_unusable, "the certificate or its key can't be used",                              \
      "Give PEM files: the certificate with its chain, and its key without a password.")     \
    X(authorities_unusable, "the file of certificates to trust can't be used",               \
      "Give a PEM file with the certificates of those who sign.")                            \
    X(server_untrusted, "the server's certificate is not trusted",                           \
      "Name who signed it (--ca FILE), and the server as its certificate does.")             \
    X(sctp_missing, "this system's kernel has no SCTP",                                      \
      "Load its module (`modprobe sctp`), or speak Diameter over TCP.")                      \
    X(sctp_unencrypted, "Diameter over SCTP is not encrypted",                               \
      "Let it be in clear text, --clear sctp, in a network that is protected; or use TCP.")  \
    X(peer_unread, "a peer asks and does not read its answers; its connection is closed",    \
      "See what keeps it. What it asked is charged, and has one effect when it asks again.") \
    X(peer_silent, "a peer does not answer the watchdog; its connection is closed",          \
      "See whether it is there, and what lies between.")                                     \
    X(peer_replaced, "a peer began again on another connection; the older is closed",        \
      "Nothing, if it was restarted. Else each instance needs an Origin-Host of its own.")   \
    X(network_malformed, "that is no network of hosts",                                      \
      "Write an address, or one with its prefix: 10.1.0.0/16.")                              \
    X(address_taken, "the address can't be listened on",                                     \
      "Choose another port, or end the process that has it.")
FARTHING_REASON_ENUM(ApiReason, FARTHING_API_REASONS)
}  // namespace farthing

namespace farthing::api {

HttpAnswer problem(const Error& error);
inline HttpAnswer problem(ApiReason why, std::string detail = {}) {
    return problem(error_of(why, std::move(detail)));
}

}  // namespace farthing::api
