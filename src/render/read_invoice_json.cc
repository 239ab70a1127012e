#include <fmt/format.h>
#include <simdjson.h>

#include "base/utf8.h"
#include "render/documents.h"
#include "render/reasons.h"

namespace farthing::render {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// One object of the document and the way to it, for messages. Every reader returns a failure with
// that place.
class Reader {
  public:
    Reader(object fields, std::string path, Currency currency)
        : fields_(fields), path_(std::move(path)), currency_(currency) {}

    Result<element> at(std::string_view name) const {
        element found;
        if (fields_.at_key(name).get(found) != simdjson::SUCCESS) {
            return fail(DocumentReason::document_field_missing,
                        fmt::format("the field {} is missing", path_of(name)));
        }
        return found;
    }
    Result<std::string> text(std::string_view name) const {
        FARTHING_TRY(const element found, at(name));
        std::string_view content;
        if (found.get(content) != simdjson::SUCCESS) return malformed(name, "text");
        return std::string(content);
    }
    Result<std::int64_t> integer(std::string_view name) const {
        FARTHING_TRY(const element found, at(name));
        std::int64_t content = 0;
        if (found.get(content) != simdjson::SUCCESS) return malformed(name, "a whole number");
        return content;
    }
    template <class Number>
    Result<Number> small(std::string_view name) const {
        FARTHING_TRY(const std::int64_t wide, integer(name));
        if (!std::in_range<Number>(wide)) return malformed(name, "a whole number in range");
        return static_cast<Number>(wide);
    }
    Result<Exact> exact(std::string_view name) const {
        FARTHING_TRY(const std::string content, text(name));
        auto number = Exact::parse_fraction(content);
        if (!number) return malformed(name, "a fraction such as \"16/31\"");
        return *std::move(number);
    }
    Result<Money> money(std::string_view name) const {
        FARTHING_TRY(const element found, at(name));
        if (found.is_null()) return Money{};
        FARTHING_TRY(const std::string content, text(name));
        const auto amount =
            currency_ == Currency{} ? std::nullopt : Money::parse(content, currency_);
        if (!amount) return malformed(name, "an amount such as \"12.50\"");
        return *amount;
    }
    Result<bool> flag(std::string_view name) const {
        FARTHING_TRY(const element found, at(name));
        bool content = false;
        if (found.get(content) != simdjson::SUCCESS) return malformed(name, "true or false");
        return content;
    }
    Result<Date> date(std::string_view name) const {
        FARTHING_TRY(const std::string content, text(name));
        const auto day = parse_date(content);
        if (!day) return malformed(name, "a date such as \"2026-01-31\"");
        return *day;
    }
    Result<Reader> child(std::string_view name) const {
        FARTHING_TRY(const element found, at(name));
        object content;
        if (found.get(content) != simdjson::SUCCESS) return malformed(name, "an object");
        return Reader(content, path_of(name), currency_);
    }
    Result<DatePeriod> period(std::string_view name) const {
        FARTHING_TRY(const Reader days, child(name));
        FARTHING_TRY(const Date first, days.date("first"));
        FARTHING_TRY(const Date last, days.date("last"));
        return DatePeriod{first, last.plus_days(1)};
    }
    template <class Enum, std::size_t N>
    Result<Enum> choice(std::string_view name, const std::array<std::string_view, N>& names) const {
        FARTHING_TRY(const std::string content, text(name));
        for (std::size_t i = 0; i < N; ++i) {
            if (names[i] == content) return static_cast<Enum>(i);
        }
        return malformed(name, fmt::format("one of {}", fmt::join(names, ", ")));
    }
    Result<std::vector<std::string>> texts(std::string_view name) const {
        FARTHING_TRY(const array items, list(name));
        std::vector<std::string> result;
        for (const element item : items) {
            std::string_view content;
            if (item.get(content) != simdjson::SUCCESS) return malformed(name, "a list of texts");
            result.emplace_back(content);
        }
        return result;
    }
    Result<std::vector<std::int64_t>> integers(std::string_view name) const {
        FARTHING_TRY(const array items, list(name));
        std::vector<std::int64_t> result;
        for (const element item : items) {
            std::int64_t content = 0;
            if (item.get(content) != simdjson::SUCCESS)
                return malformed(name, "a list of whole numbers");
            result.push_back(content);
        }
        return result;
    }
    // A list of objects, each read by `read`.
    template <class Item>
    Result<std::vector<Item>> items(std::string_view name,
                                    Result<Item> (*read)(const Reader&)) const {
        FARTHING_TRY(const array list_items, list(name));
        std::vector<Item> result;
        result.reserve(list_items.size());
        for (const element item : list_items) {
            object content;
            if (item.get(content) != simdjson::SUCCESS) return malformed(name, "a list of objects");
            FARTHING_TRY(Item next,
                         read(Reader(content, fmt::format("{}[{}]", path_of(name), result.size()),
                                     currency_)));
            result.push_back(std::move(next));
        }
        return result;
    }
    void set_currency(Currency currency) { currency_ = currency; }
    std::unexpected<Error> malformed(std::string_view name, std::string_view expected) const {
        return fail(DocumentReason::document_field_malformed,
                    fmt::format("the field {} is not {}", path_of(name), expected));
    }

  private:
    Result<array> list(std::string_view name) const {
        FARTHING_TRY(const element found, at(name));
        array content;
        if (found.get(content) != simdjson::SUCCESS) return malformed(name, "a list");
        return content;
    }
    std::string path_of(std::string_view name) const {
        return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
    }

    object fields_;
    std::string path_;
    Currency currency_;
};

Result<LineDetail> read_detail(const Reader& from) {
    LineDetail detail;
    FARTHING_TRY(detail.subject, from.text("subject"));
    FARTHING_TRY(detail.note, from.text("note"));
    FARTHING_TRY(detail.quantity, from.text("quantity"));
    FARTHING_TRY(detail.exact, from.exact("exact"));
    FARTHING_TRY(detail.attributed, from.money("attributed"));
    return detail;
}

Result<void> read_line_names(const Reader& from, InvoiceLine& line) {
    FARTHING_TRY(line.number, from.small<std::uint32_t>("number"));
    FARTHING_TRY(line.kind, (from.choice<LineKind>("kind", kLineKindNames)));
    FARTHING_TRY(line.component.value, from.small<std::uint32_t>("component"));
    FARTHING_TRY(line.version.value, from.small<std::uint32_t>("catalog_version"));
    FARTHING_TRY(const Reader department, from.child("department"));
    FARTHING_TRY(line.department.value, department.small<std::uint32_t>("id"));
    FARTHING_TRY(line.department_title, department.text("title"));
    FARTHING_TRY(line.service, from.text("service"));
    FARTHING_TRY(line.text, from.text("text"));
    return {};
}

Result<LineTax> read_line_tax(const Reader& from) {
    LineTax tax;
    FARTHING_TRY(tax.name, from.text("name"));
    FARTHING_TRY(tax.rule, from.text("rule"));
    FARTHING_TRY(tax.percent, from.exact("percent"));
    FARTHING_TRY(tax.included, from.flag("included"));
    FARTHING_TRY(tax.text, from.text("text"));
    return tax;
}

Result<Conversion> read_conversion(const Reader& from) {
    Conversion converted;
    FARTHING_TRY(const element there, from.at("converted"));
    if (there.is_null()) return converted;
    FARTHING_TRY(Reader fields, from.child("converted"));
    FARTHING_TRY(const std::string code, fields.text("currency"));
    const auto currency = Currency::named(code);
    if (!currency) return fields.malformed("currency", "an ISO 4217 code with a minor unit");
    fields.set_currency(*currency);
    FARTHING_TRY(converted.amount, fields.money("amount"));
    FARTHING_TRY(converted.rate, fields.exact("rate"));
    FARTHING_TRY(converted.day, fields.date("day"));
    return converted;
}

Result<InvoiceLine> read_line(const Reader& from) {
    InvoiceLine line;
    FARTHING_CHECK(read_line_names(from, line));
    FARTHING_TRY(line.period, from.period("period"));
    FARTHING_TRY(line.cycle, from.period("cycle"));
    FARTHING_TRY(line.fraction, from.exact("fraction"));
    FARTHING_TRY(line.quantity, from.exact("quantity"));
    FARTHING_TRY(line.unit, from.text("unit"));
    FARTHING_TRY(line.unit_price, from.text("unit_price"));
    FARTHING_TRY(line.arithmetic, from.text("arithmetic"));
    FARTHING_TRY(line.exact, from.exact("exact"));
    FARTHING_TRY(line.already_billed, from.money("already_billed"));
    FARTHING_TRY(line.amount, from.money("amount"));
    FARTHING_TRY(line.rounding, from.text("rounding"));
    FARTHING_TRY(line.tax_category, from.text("tax_category"));
    FARTHING_TRY(const Reader tax, from.child("tax"));
    FARTHING_TRY(line.tax, read_line_tax(tax));
    FARTHING_TRY(line.converted, read_conversion(from));
    FARTHING_TRY(line.details, from.items("details", read_detail));
    FARTHING_TRY(line.usage_by_day, from.integers("usage_by_day"));
    FARTHING_TRY(line.usage_unit, from.text("usage_unit"));
    FARTHING_TRY(line.allowance, from.integer("allowance"));
    FARTHING_TRY(line.used, from.integer("used"));
    return line;
}

Result<Adjustment> read_adjustment(const Reader& from) {
    Adjustment adjustment;
    FARTHING_TRY(adjustment.text, from.text("text"));
    FARTHING_TRY(adjustment.reason, from.text("reason"));
    FARTHING_TRY(const element line, from.at("line"));
    if (!line.is_null()) {
        FARTHING_TRY(adjustment.line, from.small<std::uint32_t>("line"));
    }
    FARTHING_TRY(adjustment.amount, from.money("amount"));
    return adjustment;
}

Result<TaxLine> read_tax(const Reader& from) {
    TaxLine tax;
    FARTHING_TRY(tax.category, from.text("category"));
    FARTHING_TRY(tax.name, from.text("name"));
    FARTHING_TRY(tax.rule, from.text("rule"));
    FARTHING_TRY(tax.percent, from.exact("percent"));
    FARTHING_TRY(tax.net, from.money("net"));
    FARTHING_TRY(tax.tax, from.money("tax"));
    FARTHING_TRY(tax.included, from.flag("included"));
    FARTHING_TRY(tax.text, from.text("text"));
    return tax;
}

Result<std::pair<std::string, std::string>> read_field(const Reader& from) {
    std::pair<std::string, std::string> field;
    FARTHING_TRY(field.first, from.text("name"));
    FARTHING_TRY(field.second, from.text("value"));
    return field;
}

Result<Currency> read_currency(const Reader& from) {
    FARTHING_TRY(const std::string code, from.text("currency"));
    if (code.empty()) return Currency{};
    const auto currency = Currency::named(code);
    if (!currency) return from.malformed("currency", "an ISO 4217 code with a minor unit");
    return *currency;
}

Result<void> read_corrects(const Reader& from, Invoice& invoice) {
    FARTHING_TRY(invoice.kind, (from.choice<DocumentKind>("document", kDocumentKindNames)));
    if (invoice.kind == DocumentKind::invoice) return {};
    FARTHING_TRY(const Reader corrects, from.child("corrects"));
    FARTHING_TRY(invoice.corrects.value, corrects.small<std::uint32_t>("id"));
    FARTHING_TRY(invoice.corrects_number, corrects.text("number"));
    FARTHING_TRY(invoice.corrects_issued, corrects.date("issued"));
    FARTHING_TRY(invoice.by_hand, corrects.flag("by_hand"));
    return {};
}

Result<void> read_head(const Reader& from, Invoice& invoice) {
    FARTHING_CHECK(read_corrects(from, invoice));
    FARTHING_TRY(invoice.id.value, from.small<std::uint32_t>("id"));
    FARTHING_TRY(invoice.state, (from.choice<InvoiceState>("state", kInvoiceStateNames)));
    FARTHING_TRY(invoice.number, from.text("number"));
    FARTHING_TRY(invoice.currency, read_currency(from));
    FARTHING_TRY(invoice.period, from.period("period"));
    FARTHING_TRY(invoice.issued, from.date("issued"));
    FARTHING_TRY(invoice.due, from.date("due"));
    FARTHING_TRY(invoice.line_digits, from.small<int>("line_digits"));
    FARTHING_TRY(invoice.payable_digits, from.small<int>("payable_digits"));
    FARTHING_TRY(invoice.catalog, from.text("catalog"));
    const int digits_max = invoice.currency == Currency{} ? 0 : invoice.currency.atom_digits();
    const auto fits = [&](int digits) {
        return digits >= 0 && (digits <= digits_max || digits_max == 0);
    };
    if (!fits(invoice.line_digits))
        return from.malformed("line_digits", "within the currency's atoms");
    if (!fits(invoice.payable_digits))
        return from.malformed("payable_digits", "within the currency's atoms");
    return {};
}

Result<void> read_parties(const Reader& from, Invoice& invoice) {
    FARTHING_TRY(const Reader seller, from.child("seller"));
    FARTHING_TRY(invoice.seller_title, seller.text("title"));
    FARTHING_TRY(invoice.seller_address, seller.texts("address"));
    FARTHING_TRY(invoice.seller_tax_number, seller.text("tax_number"));
    FARTHING_TRY(invoice.logo, seller.text("logo"));
    FARTHING_TRY(const Reader payer, from.child("payer"));
    FARTHING_TRY(invoice.payer.value, payer.small<std::uint32_t>("id"));
    FARTHING_TRY(invoice.payer_name, payer.text("name"));
    FARTHING_TRY(invoice.payer_title, payer.text("title"));
    FARTHING_TRY(invoice.payer_address, payer.texts("address"));
    FARTHING_TRY(invoice.payer_tax_number, payer.text("tax_number"));
    FARTHING_TRY(invoice.payer_country, payer.text("country"));
    return {};
}

Result<void> read_body(const Reader& from, Invoice& invoice) {
    FARTHING_TRY(invoice.payment_text, from.text("payment"));
    FARTHING_TRY(invoice.fields, from.items("fields", read_field));
    FARTHING_TRY(invoice.lines, from.items("lines", read_line));
    FARTHING_TRY(invoice.adjustments, from.items("adjustments", read_adjustment));
    FARTHING_TRY(invoice.lines_total, from.money("lines_total"));
    FARTHING_TRY(invoice.net, from.money("net"));
    FARTHING_TRY(invoice.taxes, from.items("taxes", read_tax));
    FARTHING_TRY(invoice.tax, from.money("tax"));
    FARTHING_TRY(invoice.payable, from.money("payable"));
    return {};
}

Result<void> check_kind(const Reader& from) {
    const auto document = from.text("document");
    const auto version = from.integer("version");
    const bool known =
        document && std::ranges::find(kDocumentKindNames, *document) != kDocumentKindNames.end();
    if (known && version && *version == 1) return {};
    return fail(DocumentReason::document_kind_unknown);
}

}  // namespace

Result<Invoice> read_invoice_json(std::string_view json) {
    simdjson::dom::parser parser;
    element document;
    if (const auto error = parser.parse(json.data(), json.size()).get(document);
        error != simdjson::SUCCESS) {
        return fail(DocumentReason::not_json,
                    fmt::format("the text is no JSON: {}; it begins with \"{}\"",
                                simdjson::error_message(error), printable(json, 30)));
    }
    object fields;
    if (document.get(fields) != simdjson::SUCCESS)
        return fail(DocumentReason::document_kind_unknown);
    Reader from(fields, "", Currency{});
    FARTHING_CHECK(check_kind(from));
    Invoice invoice;
    FARTHING_CHECK(read_head(from, invoice));
    from.set_currency(invoice.currency);
    FARTHING_CHECK(read_parties(from, invoice));
    FARTHING_CHECK(read_body(from, invoice));
    return invoice;
}

}  // namespace farthing::render
