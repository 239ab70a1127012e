// Format: four letters that name the kind, the version, then the fields in order. Integers are
// zigzag varints of up to 128 bits (7 bits a byte, lowest first), texts and lists carry their
// length before them, an optional carries 0 or 1.
#include "store/invoice_codec.h"

#include <type_traits>

#include "base/int128.h"
#include "store/store.h"

namespace farthing::store {

namespace {

constexpr std::string_view kInvoiceMagic = "FINV";
constexpr std::string_view kStatementMagic = "FSTM";

constexpr int version_of(std::string_view magic) {
    return magic == kInvoiceMagic ? 2 : 1;
}

class Encoder {
  public:
    explicit Encoder(std::string_view magic) : bytes_(magic), version_(version_of(magic)) {
        integer(version_);
    }
    int version() const { return version_; }
    std::string take() { return std::move(bytes_); }

    template <class... Fields>
    void operator()(Fields&... fields) {
        (put(fields), ...);
    }

  private:
    void integer(i128 value) {
        u128 rest = (static_cast<u128>(value) << 1) ^ static_cast<u128>(value >> 127);
        while (rest > 0x7f) {
            bytes_.push_back(static_cast<char>(0x80 | static_cast<unsigned>(rest & 0x7f)));
            rest >>= 7;
        }
        bytes_.push_back(static_cast<char>(rest));
    }
    template <class T>
    void put(T& field) {
        if constexpr (std::is_integral_v<T> || std::is_enum_v<T> || std::is_same_v<T, i128>) {
            integer(static_cast<i128>(field));
        } else {
            put_object(field);
        }
    }
    void put_object(std::string& text) {
        integer(static_cast<i128>(text.size()));
        bytes_ += text;
    }
    void put_object(Exact& exact) {
        std::string fraction = exact.to_fraction();
        put_object(fraction);
    }
    void put_object(Currency& currency) { integer(currency.numeric()); }
    template <class T>
    void put_object(std::optional<T>& value) {
        integer(value.has_value());
        if (value) put(*value);
    }
    template <class T>
    void put_object(std::vector<T>& items) {
        integer(static_cast<i128>(items.size()));
        for (T& item : items) put(item);
    }
    template <class T>
    void put_object(T& object) {
        visit(*this, object);
    }

    std::string bytes_;
    int version_;
};

// After the first fault every further field reads as nothing; `sound` tells at the end.
class Decoder {
  public:
    Decoder(std::string_view bytes, std::string_view magic) : rest_(bytes) {
        if (!rest_.starts_with(magic)) {
            sound_ = false;
            return;
        }
        rest_.remove_prefix(magic.size());
        const i128 version = integer();
        if (version < 1 || version > version_of(magic)) sound_ = false;
        if (sound_) version_ = static_cast<int>(version);
    }
    int version() const { return version_; }
    bool sound() const { return sound_ && rest_.empty(); }

    template <class... Fields>
    void operator()(Fields&... fields) {
        (get(fields), ...);
    }

  private:
    i128 integer() {
        u128 value = 0;
        for (unsigned shift = 0; shift < 128 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<u128>(byte & 0x7f) << shift;
            if (byte < 0x80) return static_cast<i128>(value >> 1) ^ -static_cast<i128>(value & 1);
        }
        sound_ = false;
        return 0;
    }
    // A length that the remaining bytes can hold, so that a damaged one asks for no memory.
    std::size_t length() {
        const i128 size = integer();
        if (size < 0 || size > static_cast<i128>(rest_.size())) {
            sound_ = false;
            return 0;
        }
        return static_cast<std::size_t>(size);
    }
    template <class T>
    void get(T& field) {
        if constexpr (std::is_integral_v<T> || std::is_enum_v<T> || std::is_same_v<T, i128>) {
            field = static_cast<T>(integer());
        } else {
            get_object(field);
        }
    }
    void get_object(std::string& text) {
        const std::size_t size = length();
        text = rest_.substr(0, size);
        rest_.remove_prefix(size);
    }
    void get_object(Exact& exact) {
        std::string text;
        get_object(text);
        const auto parsed = Exact::parse_fraction(text);
        if (!parsed) sound_ = false;
        exact = parsed.value_or(Exact());
    }
    void get_object(Currency& currency) {
        const i128 numeric = integer();
        const auto known = Currency::numbered(static_cast<std::uint16_t>(numeric));
        if (numeric != 0 && !known) sound_ = false;
        currency = known.value_or(Currency());
    }
    template <class T>
    void get_object(std::optional<T>& value) {
        value.reset();
        if (integer() == 1) get(value.emplace());
    }
    template <class T>
    void get_object(std::vector<T>& items) {
        items.clear();
        items.resize(length());
        for (T& item : items) {
            if (!sound_) return;
            get(item);
        }
    }
    template <class T>
    void get_object(T& object) {
        visit(*this, object);
    }

    std::string_view rest_;
    bool sound_ = true;
    int version_ = 1;
};

// One list of fields for writing and reading, so that the two can't drift apart.
template <class Codec, class Tag, class Rep>
void visit(Codec& codec, Id<Tag, Rep>& id) {
    codec(id.value);
}
template <class Codec>
void visit(Codec& codec, Date& date) {
    codec(date.days);
}
template <class Codec>
void visit(Codec& codec, DatePeriod& period) {
    codec(period.first, period.end);
}
template <class Codec>
void visit(Codec& codec, Money& money) {
    codec(money.atoms, money.currency);
}
template <class Codec>
void visit(Codec& codec, std::pair<std::string, std::string>& field) {
    codec(field.first, field.second);
}
template <class Codec>
void visit(Codec& codec, LineDetail& detail) {
    codec(detail.subject, detail.note, detail.quantity, detail.exact, detail.attributed);
}
template <class Codec>
void visit(Codec& codec, LineTax& tax) {
    codec(tax.name, tax.rule, tax.percent, tax.included, tax.text);
}
template <class Codec>
void visit(Codec& codec, Conversion& converted) {
    codec(converted.amount, converted.rate, converted.day);
}
template <class Codec>
void visit(Codec& codec, InvoiceLine& line) {
    codec(line.number, line.kind, line.component, line.version, line.department,
          line.department_title, line.service, line.text, line.period, line.cycle, line.fraction,
          line.quantity, line.unit, line.unit_price, line.arithmetic, line.exact,
          line.already_billed, line.amount, line.rounding, line.tax_category, line.details,
          line.usage_by_day, line.usage_unit, line.allowance, line.used);
    if (codec.version() >= 2) codec(line.tax, line.converted);
}
template <class Codec>
void visit(Codec& codec, TaxLine& tax) {
    codec(tax.category, tax.name, tax.rule, tax.percent, tax.net, tax.tax);
    if (codec.version() >= 2) codec(tax.included, tax.text);
}
template <class Codec>
void visit(Codec& codec, Adjustment& adjustment) {
    codec(adjustment.text, adjustment.reason, adjustment.line, adjustment.amount);
}
// Before version 2 only the document told which rule taxed a category.
void tax_lines(Invoice& invoice) {
    for (InvoiceLine& line : invoice.lines) {
        for (const TaxLine& tax : invoice.taxes) {
            if (tax.category == line.tax_category)
                line.tax = {tax.name, tax.rule, tax.percent, false, {}};
        }
    }
}

template <class Codec>
void visit(Codec& codec, Invoice& invoice) {
    codec(invoice.id, invoice.state, invoice.number, invoice.payer, invoice.payer_name,
          invoice.payer_title, invoice.payer_address, invoice.payer_tax_number,
          invoice.seller_title, invoice.seller_address, invoice.seller_tax_number,
          invoice.payment_text, invoice.logo, invoice.period, invoice.issued, invoice.due,
          invoice.currency, invoice.line_digits, invoice.payable_digits, invoice.lines,
          invoice.adjustments, invoice.fields, invoice.lines_total, invoice.net, invoice.taxes,
          invoice.tax, invoice.payable, invoice.catalog);
    if (codec.version() < 2) return tax_lines(invoice);
    codec(invoice.kind, invoice.by_hand, invoice.corrects, invoice.corrects_number,
          invoice.corrects_issued, invoice.payer_country);
}
template <class Codec>
void visit(Codec& codec, StatementLine& line) {
    codec(line.text, line.invoice_line, line.invoice, line.charged, line.percent, line.share);
}
template <class Codec>
void visit(Codec& codec, farthing::Statement& statement) {
    codec(statement.partner, statement.partner_name, statement.period, statement.currency,
          statement.lines, statement.charged, statement.share, statement.kept);
}

template <class Document>
std::string encode(Document document, std::string_view magic) {
    Encoder encoder(magic);
    visit(encoder, document);
    return encoder.take();
}
template <class Document>
Result<Document> decode(std::string_view bytes, std::string_view magic) {
    Document document;
    Decoder decoder(bytes, magic);
    visit(decoder, document);
    if (!decoder.sound()) return fail(StoreReason::store_failed, "a stored document is damaged");
    return document;
}

}  // namespace

std::string encode_invoice(const Invoice& invoice) {
    return encode(invoice, kInvoiceMagic);
}
Result<Invoice> decode_invoice(std::string_view bytes) {
    return decode<Invoice>(bytes, kInvoiceMagic);
}
std::string encode_statement(const farthing::Statement& statement) {
    return encode(statement, kStatementMagic);
}
Result<farthing::Statement> decode_statement(std::string_view bytes) {
    return decode<farthing::Statement>(bytes, kStatementMagic);
}

}  // namespace farthing::store
