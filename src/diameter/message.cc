#include "diameter/message.h"

namespace farthing::diameter {

namespace {

constexpr std::size_t kAvpHeader = 8;
constexpr std::size_t kVendorHeader = 12;

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}
std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint32_t>(big_endian(bytes.substr(at, 4)));
}
std::uint32_t u24_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint32_t>(big_endian(bytes.substr(at, 3)));
}
constexpr std::size_t padded(std::size_t size) {
    return (size + 3) & ~std::size_t{3};
}

std::size_t least_size(Type type) {
    switch (type) {
        case Type::unsigned32:
        case Type::integer32:
        case Type::time: return 4;
        case Type::unsigned64:
        case Type::integer64: return 8;
        case Type::address: return 6;
        case Type::octets:
        case Type::text:
        case Type::grouped: return 0;
    }
    return 0;
}

void append_number(std::string& out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(value >> shift & 0xff));
}

void append_avp_header(std::string& out, Key key, std::uint8_t flags, std::size_t size) {
    const bool vendor = vendor_of(key) != 0;
    append_number(out, code_of(key), 4);
    append_number(out, (flags & kMandatory) | (vendor ? kVendor : 0U), 1);
    append_number(out, size + (vendor ? kVendorHeader : kAvpHeader), 3);
    if (vendor) append_number(out, vendor_of(key), 4);
}

}  // namespace

Header read_header(std::string_view bytes) {
    Header header;
    header.version = static_cast<std::uint8_t>(bytes[0]);
    header.length = u24_at(bytes, 1);
    header.flags = static_cast<std::uint8_t>(bytes[4]);
    header.command = u24_at(bytes, 5);
    header.application = u32_at(bytes, 8);
    header.hop_by_hop = u32_at(bytes, 12);
    header.end_to_end = u32_at(bytes, 16);
    return header;
}

bool AvpReader::next() {
    if (damaged_ || rest_.empty()) return false;
    damaged_ = true;
    avp_ = {};
    avp_.whole = rest_;
    if (rest_.size() < kAvpHeader) return false;
    avp_.flags = static_cast<std::uint8_t>(rest_[4]);
    const std::size_t header = (avp_.flags & kVendor) != 0 ? kVendorHeader : kAvpHeader;
    const std::size_t length = u24_at(rest_, 5);
    if (rest_.size() < header) return false;
    const std::uint32_t vendor = header == kVendorHeader ? u32_at(rest_, 8) : 0;
    avp_.key = static_cast<Key>(of_vendor(vendor, u32_at(rest_, 0)));
    if (length < header || padded(length) > rest_.size()) return false;
    avp_.data = rest_.substr(header, length - header);
    avp_.whole = rest_.substr(0, length);
    rest_.remove_prefix(padded(length));
    damaged_ = false;
    return true;
}

Fault AvpReader::fault() const {
    Fault fault{Code::invalid_avp_length, "an AVP is longer than what holds it, or has no end"};
    if (avp_.whole.size() < kAvpHeader) return fault;
    const Known* type = known(avp_.key);
    const std::size_t size = type == nullptr ? 0 : least_size(type->type);
    append_avp_header(fault.avp, avp_.key, avp_.flags, size);
    fault.avp.append(size, '\0');
    fault.text += ": code " + std::to_string(code_of(avp_.key));
    return fault;
}

std::optional<std::uint32_t> as_u32(std::string_view data) {
    if (data.size() != 4) return std::nullopt;
    return u32_at(data, 0);
}

std::optional<std::uint64_t> as_u64(std::string_view data) {
    if (data.size() != 8) return std::nullopt;
    return big_endian(data);
}

bool fits(Type type, std::string_view data) {
    switch (type) {
        case Type::unsigned32:
        case Type::integer32:
        case Type::time: return data.size() == 4;
        case Type::unsigned64:
        case Type::integer64: return data.size() == 8;
        case Type::address: return data.size() >= 6;
        case Type::octets:
        case Type::text:
        case Type::grouped: return true;
    }
    return true;
}

Fault fault_of(Code code, const Avp& avp, std::string text) {
    text += ": code " + std::to_string(code_of(avp.key));
    if (vendor_of(avp.key) != 0) text += " of vendor " + std::to_string(vendor_of(avp.key));
    return {code, std::move(text), std::string(avp.whole)};
}

std::optional<Fault> unreadable(const Avp& avp) {
    const Known* what = known(avp.key);
    if (what == nullptr) {
        if (!avp.mandatory()) return std::nullopt;
        return fault_of(Code::avp_unsupported, avp, "an AVP is not known");
    }
    if (fits(what->type, avp.data)) return std::nullopt;
    return fault_of(Code::invalid_avp_length, avp, "an AVP has another length than its type");
}

std::optional<Fault> unreadable(std::string_view avps) {
    AvpReader reader(avps);
    while (reader.next())
        if (auto fault = unreadable(reader.avp())) return fault;
    return reader.damaged() ? std::optional(reader.fault()) : std::nullopt;
}

Fault missing(Key key) {
    Fault fault{Code::missing_avp,
                "an AVP is missing that is needed: code " + std::to_string(code_of(key))};
    const std::size_t size = least_size(known(key)->type);
    append_avp_header(fault.avp, key, kMandatory, size);
    fault.avp.append(size, '\0');
    return fault;
}

Writer::Writer(std::string& out, const Header& header) : out_(out), start_(out.size()) {
    number(1, 1);
    number(0, 3);
    number(header.flags, 1);
    number(header.command, 3);
    number(header.application, 4);
    number(header.hop_by_hop, 4);
    number(header.end_to_end, 4);
}

void Writer::end() {
    patch_length(start_ + 1, start_);
}

void Writer::number(std::uint64_t value, int bytes) {
    append_number(out_, value, bytes);
}

void Writer::begin(Key key, std::size_t size) {
    const Known* type = known(key);
    append_avp_header(out_, key, type == nullptr || type->must ? kMandatory : 0, size);
}

void Writer::pad() {
    out_.append(padded(out_.size() - start_) - (out_.size() - start_), '\0');
}

void Writer::patch_length(std::size_t at, std::size_t from) {
    const std::size_t length = out_.size() - from;
    for (int byte = 0; byte < 3; ++byte)
        out_[at + static_cast<std::size_t>(byte)] =
            static_cast<char>(length >> (16 - 8 * byte) & 0xff);
}

void Writer::u32(Key key, std::uint32_t value) {
    begin(key, 4);
    number(value, 4);
}

void Writer::u64(Key key, std::uint64_t value) {
    begin(key, 8);
    number(value, 8);
}

void Writer::text(Key key, std::string_view value) {
    begin(key, value.size());
    out_.append(value);
    pad();
}

void Writer::copy(std::string_view whole) {
    out_.append(whole);
    pad();
}

std::size_t Writer::open(Key key) {
    const std::size_t group = out_.size();
    begin(key, 0);
    return group;
}

void Writer::close(std::size_t group) {
    patch_length(group + 5, group);
}

}  // namespace farthing::diameter
