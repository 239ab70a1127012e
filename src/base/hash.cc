#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <xxhash.h>

#include <array>
#include <string_view>

#include "base/assert.h"

namespace farthing {

Hash128 hash128(std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.high64, hash.low64};
}

std::uint64_t hash64(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

namespace {

XXH3_state_t* xxh3(void* state) {
    return static_cast<XXH3_state_t*>(state);
}

}  // namespace

Hash64::Hash64() : state_(XXH3_createState()) {
    FARTHING_ASSERT(state_ != nullptr && XXH3_64bits_reset(xxh3(state_)) == XXH_OK);
}
Hash64::~Hash64() {
    (void)XXH3_freeState(xxh3(state_));
}
void Hash64::add(std::string_view bytes) {
    FARTHING_ASSERT(XXH3_64bits_update(xxh3(state_), bytes.data(), bytes.size()) == XXH_OK);
}
std::uint64_t Hash64::value() const {
    return XXH3_64bits_digest(xxh3(state_));
}

namespace {

// Found once: EVP_sha256() is looked up again at each use, which takes longer than a short text.
const EVP_MD* sha256() {
    static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    FARTHING_ASSERT(found != nullptr);
    return found;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    FARTHING_ASSERT(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), sha256(), nullptr) == 1);
}

Sha256::~Sha256() {
    EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
}

void Sha256::add(std::string_view bytes) {
    FARTHING_ASSERT(
        EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1);
}

namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string digest_hex(const Digest& digest, std::size_t size) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(std::size_t{2} * size, '0');
    for (std::size_t i = 0; i < size; ++i) {
        text[2 * i] = kDigits[digest.at(i) >> 4];
        text[2 * i + 1] = kDigits[digest.at(i) & 15];
    }
    return text;
}

}  // namespace

std::string Sha256::hex() {
    Digest digest{};
    unsigned int size = 0;
    FARTHING_ASSERT(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest.data(), &size) ==
                    1);
    return digest_hex(digest, size);
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
    Digest digest{};
    unsigned int size = 0;
    FARTHING_ASSERT(HMAC(sha256(), key.data(), static_cast<int>(key.size()),
                         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                         digest.data(), &size) != nullptr);
    return digest_hex(digest, size);
}

}  // namespace farthing
