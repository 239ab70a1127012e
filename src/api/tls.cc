#include "api/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "api/problem.h"

namespace farthing::api {

namespace {

namespace asio = boost::asio;
constexpr auto kGreetWithin = std::chrono::seconds(5);

std::unexpected<Error> unusable(const std::string& file, const boost::system::error_code& why) {
    ERR_clear_error();
    return fail(ApiReason::tls_unusable, why.message(), file);
}

// Those who name protocols must name ours; others are taken to know it.
int choose(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
           unsigned offered_size, void* ours) {
    const auto& protocol = *static_cast<const std::string*>(ours);
    for (unsigned at = 0; at < offered_size; at += offered[at] + 1U) {
        const std::string_view one(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
        if (one != protocol) continue;
        *chosen = offered + at + 1;
        *size = offered[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<TlsContext> open_tls(const Address& address, const std::string& protocol) {
    if (!address.tls) return TlsContext();
    const TlsFiles& files = *address.tls;
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    boost::system::error_code failed;
    (void)context->use_certificate_chain_file(files.certificate, failed);
    if (failed) return unusable(files.certificate, failed);
    // A key that asks for a password has none to get.
    (void)context->set_password_callback(
        [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); }, failed);
    (void)context->use_private_key_file(files.key, asio::ssl::context::pem, failed);
    if (failed) return unusable(files.key, failed);
    static const std::string kHttp2 = "h2";
    static const std::string kHttp1 = "http/1.1";
    if (!protocol.empty())
        SSL_CTX_set_alpn_select_cb(
            native, choose, const_cast<std::string*>(protocol == kHttp2 ? &kHttp2 : &kHttp1));
    return context;
}

asio::awaitable<bool> Wire::greet() {
    constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
    if (tls_) {
        asio::steady_timer within(socket_.get_executor(), kGreetWithin);
        within.async_wait([this](const error_code& ended) {
            error_code ignored;
            if (!ended) (void)socket_.close(ignored);
        });
        const auto [failed] =
            co_await tls_->async_handshake(asio::ssl::stream_base::server, kTuple);
        within.cancel();
        co_await asio::post(socket_.get_executor(), asio::use_awaitable);  // its last word is over
        if (failed) co_return false;
    }
    greeted_ = true;
    co_return true;
}

}  // namespace farthing::api
