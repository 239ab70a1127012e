// Messages as bytes: a header and attributes (AVPs), read in place within strict bounds, and
// written. Nothing here knows what they mean.
//
//   header: version 1, length (3), flags, command (3), application (4), hop-by-hop (4), end-to-end
//   (4); AVP: code (4), flags, length (3, with this header), vendor (4, where the V flag is set),
//   data, zeros up to a multiple of 4
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "diameter/dictionary.h"

namespace farthing::diameter {

constexpr std::size_t kHeaderSize = 20;
constexpr std::size_t kMessageMax = std::size_t{64} * 1024;

constexpr std::uint8_t kRequest = 0x80;
constexpr std::uint8_t kProxiable = 0x40;
constexpr std::uint8_t kError = 0x20;
constexpr std::uint8_t kRetransmitted = 0x10;
constexpr std::uint8_t kVendor = 0x80;     // of an AVP
constexpr std::uint8_t kMandatory = 0x40;  // of an AVP

struct Header {
    std::uint8_t version = 1;
    std::uint32_t length = 0;
    std::uint8_t flags = 0;
    std::uint32_t command = 0;
    std::uint32_t application = 0;
    std::uint32_t hop_by_hop = 0;
    std::uint32_t end_to_end = 0;
    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};
// REQUIRES: at least kHeaderSize bytes.
Header read_header(std::string_view bytes);

// Why a request can't be served, and the attribute that is to blame (Failed-AVP), as bytes.
struct Fault {
    Code code = Code::unable_to_comply;
    std::string text;
    std::string avp = {};
};

struct Avp {
    Key key{};
    std::uint8_t flags = 0;
    std::string_view data;
    std::string_view whole;  // with its header, without padding
    bool mandatory() const { return (flags & kMandatory) != 0; }
};

// The attributes of a message or of a group, one after the other:
//   for (AvpReader reader(bytes); reader.next();) use(reader.avp());
class AvpReader {
  public:
    explicit AvpReader(std::string_view avps) : rest_(avps) {}
    // False at the end, and where the bytes are no AVP.
    bool next();
    const Avp& avp() const { return avp_; }
    bool damaged() const { return damaged_; }
    // Of a damaged one: its header as it came, and zeros where its value should be.
    Fault fault() const;

  private:
    std::string_view rest_;
    Avp avp_;
    bool damaged_ = false;
};

// Values; none where the length is another than the type's.
std::optional<std::uint32_t> as_u32(std::string_view data);
std::optional<std::uint64_t> as_u64(std::string_view data);
inline std::optional<std::int64_t> as_i64(std::string_view data) {
    const auto bits = as_u64(data);
    return bits ? std::optional(static_cast<std::int64_t>(*bits)) : std::nullopt;
}
// Whether the length fits the type.
bool fits(Type type, std::string_view data);

Fault fault_of(Code code, const Avp& avp, std::string text);
// What is wrong with an attribute whatever it means: nobody knows it and it must be understood, or
// its length is not its type's.
std::optional<Fault> unreadable(const Avp& avp);
// The first of attributes that is unreadable, or no AVP.
std::optional<Fault> unreadable(std::string_view avps);
// With an example of what is missing: its header, and zeros.
Fault missing(Key key);

// Appends one message to `out`.
class Writer {
  public:
    Writer(std::string& out, const Header& header);
    // Ends the message: its length is known now.
    void end();

    void u32(Key key, std::uint32_t value);
    void u64(Key key, std::uint64_t value);
    void text(Key key, std::string_view value);  // or octets
    // As it came, header and all.
    void copy(std::string_view whole);
    std::size_t open(Key key);
    void close(std::size_t group);

  private:
    void begin(Key key, std::size_t size);
    void number(std::uint64_t value, int bytes);
    void patch_length(std::size_t at, std::size_t from);
    void pad();

    std::string& out_;
    std::size_t start_;
};

}  // namespace farthing::diameter
