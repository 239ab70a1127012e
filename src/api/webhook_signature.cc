#include "api/webhook_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <vector>

#include "base/assert.h"

namespace farthing::api {

namespace {

constexpr std::string_view kPrefix = "whsec_";

std::string base64_of(const unsigned char* bytes, std::size_t size) {
    std::vector<unsigned char> text(4 * ((size + 2) / 3) + 1);
    const int length = EVP_EncodeBlock(text.data(), bytes, static_cast<int>(size));
    return {text.begin(), text.begin() + length};
}

std::vector<unsigned char> bytes_of(std::string_view base64) {
    const std::vector<unsigned char> text(base64.begin(), base64.end());
    std::vector<unsigned char> bytes(text.size() + 3);
    const int length = EVP_DecodeBlock(bytes.data(), text.data(), static_cast<int>(text.size()));
    std::size_t padding = 0;
    while (padding < 2 && padding < base64.size() && base64[base64.size() - 1 - padding] == '=')
        ++padding;
    bytes.resize(length < 0 ? 0 : static_cast<std::size_t>(length) - padding);
    return bytes;
}

}  // namespace

std::string new_webhook_secret() {
    std::array<unsigned char, 24> random{};
    FARTHING_ASSERT(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1);
    return std::string(kPrefix) + base64_of(random.data(), random.size());
}

std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp,
                              std::string_view body) {
    if (secret.starts_with(kPrefix)) secret.remove_prefix(kPrefix.size());
    const std::vector<unsigned char> key = bytes_of(secret);
    std::string content(id);
    content += "." + std::to_string(timestamp) + ".";
    content += body;
    const std::vector<unsigned char> data(content.begin(), content.end());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(),
         digest.data(), &size);
    return "v1," + base64_of(digest.data(), size);
}

}  // namespace farthing::api
