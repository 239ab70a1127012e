#include "api/tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "api/player.h"
#include "api/problem.h"

namespace farthing::api {

namespace {

constexpr std::size_t kPiece = std::size_t{16} * 1024;

std::string last_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "the connection ended" : reason;
}

bool is_address(const std::string& host) {
    std::array<unsigned char, 16> bytes;
    return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

Result<TlsTrust> TlsTrust::open(const std::string& authorities, std::string_view protocol) {
    TlsTrust trust;
    trust.context_ = std::shared_ptr<SSL_CTX>(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX* const context = trust.context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    const bool known = authorities.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                           : SSL_CTX_load_verify_locations(
                                                 context, authorities.c_str(), nullptr) == 1;
    if (!known) return fail(ApiReason::authorities_unusable, last_error(), authorities);
    if (!protocol.empty()) {
        const std::string offer = static_cast<char>(protocol.size()) + std::string(protocol);
        SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(offer.data()),
                                static_cast<unsigned>(offer.size()));
    }
    return trust;
}

void expect_server(SSL* ssl, const std::string& server) {
    if (is_address(server)) {
        (void)X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server.c_str());
    } else {
        (void)SSL_set1_host(ssl, server.c_str());
        (void)SSL_set_tlsext_host_name(ssl, server.c_str());
    }
}

TlsClient::TlsClient(const TlsTrust& trust, const std::string& server)
    : ssl_(SSL_new(trust.context()), SSL_free), server_(server) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    expect_server(ssl_.get(), server);
}

bool TlsClient::greeted() const {
    return SSL_is_init_finished(ssl_.get()) == 1;
}

std::unexpected<Error> TlsClient::failed() const {
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict == X509_V_OK) return fail(PlayerReason::server_unreachable, "TLS: " + last_error());
    ERR_clear_error();
    return fail(ApiReason::server_untrusted, X509_verify_cert_error_string(verdict), server_);
}

Result<void> TlsClient::go_on() {
    if (!greeted()) {
        const int done = SSL_do_handshake(ssl_.get());
        if (done != 1) {
            if (SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ) return {};
            return failed();
        }
    }
    if (waiting_.empty()) return {};
    const int size = static_cast<int>(waiting_.size());
    if (SSL_write(ssl_.get(), waiting_.data(), size) != size) return failed();
    waiting_.clear();
    return {};
}

Result<void> TlsClient::take(std::string_view wire, std::string& plain) {
    (void)BIO_write(SSL_get_rbio(ssl_.get()), wire.data(), static_cast<int>(wire.size()));
    FARTHING_CHECK(go_on());
    if (!greeted()) return {};
    std::array<char, kPiece> piece;
    while (true) {
        const int size = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
        if (size > 0) {
            plain.append(piece.data(), static_cast<std::size_t>(size));
            continue;
        }
        if (SSL_get_error(ssl_.get(), size) == SSL_ERROR_WANT_READ) return {};
        return failed();
    }
}

Result<void> TlsClient::say(std::string_view plain) {
    waiting_ += plain;
    return go_on();
}

void TlsClient::produce(std::string& wire) {
    BIO* const from = SSL_get_wbio(ssl_.get());
    const std::size_t had = wire.size();
    wire.resize(had + BIO_ctrl_pending(from));
    if (wire.size() > had)
        (void)BIO_read(from, wire.data() + had, static_cast<int>(wire.size() - had));
}

}  // namespace farthing::api
