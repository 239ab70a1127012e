// Content hashes: SHA-256 where an adversary matters (file identity, chains), XXH3 where speed
// does.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace farthing {

struct Hash128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    constexpr auto operator<=>(const Hash128&) const = default;
};
Hash128 hash128(std::string_view bytes);
std::uint64_t hash64(std::string_view bytes);
// Mixes one more value into a hash, for hashes over columns.
constexpr std::uint64_t mix64(std::uint64_t hash, std::uint64_t value) {
    std::uint64_t x = hash ^ (value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2));
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ULL;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

// hash64 of bytes that come some at a time.
class Hash64 {
  public:
    Hash64();
    ~Hash64();
    Hash64(Hash64&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    Hash64& operator=(Hash64&& other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    void add(std::string_view bytes);
    std::uint64_t value() const;

  private:
    void* state_;
};

// Incremental SHA-256.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    void add(std::string_view bytes);
    // Lower-case hex, 64 characters; the object is spent after.
    std::string hex();

  private:
    void* context_;
};
std::string sha256_hex(std::string_view bytes);
// HMAC-SHA256: nobody without the key can tell what it is of.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

}  // namespace farthing
