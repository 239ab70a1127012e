#include "base/assert.h"
#include "base/json.h"
#include "render/documents.h"

namespace farthing::render {

namespace {

// Writes the canonical form; read_invoice_json.cc reads the same fields in the same order.
class InvoiceWriter {
  public:
    explicit InvoiceWriter(const Invoice& invoice) : invoice_(invoice) {}

    std::string write() {
        out_.begin_object();
        out_.field("document", name_of(invoice_.kind));
        out_.field("version", 1);
        head();
        parties();
        terms();
        lines();
        adjustments();
        totals();
        out_.end_object();
        return out_.text() + "\n";
    }

  private:
    void money(std::string_view name, const Money& amount) {
        out_.key(name);
        if (amount.currency == Currency{}) {
            FARTHING_ASSERT(amount.atoms == 0);  // an amount of no currency can only be "no amount"
            out_.null();
            return;
        }
        FARTHING_ASSERT(amount.currency == invoice_.currency);
        out_.value(amount.to_string());
    }
    void exact(std::string_view name, const Exact& number) {
        out_.field(name, number.to_fraction());
    }
    void texts(std::string_view name, const std::vector<std::string>& items) {
        out_.key(name).begin_array();
        for (const std::string& item : items) out_.value(item);
        out_.end_array();
    }
    // The last day is inclusive, as on paper.
    void period(std::string_view name, DatePeriod days) {
        out_.key(name).begin_object();
        out_.field("first", to_string(days.first));
        out_.field("last", to_string(days.end.plus_days(-1)));
        out_.end_object();
    }

    void head() {
        out_.field("id", invoice_.id.value);
        corrects();
        out_.field("state", name_of(invoice_.state));
        out_.field("number", invoice_.number);
        const bool priced = invoice_.currency != Currency{};
        out_.field("currency", priced ? invoice_.currency.code() : std::string_view());
        period("period", invoice_.period);
        out_.field("issued", to_string(invoice_.issued));
        out_.field("due", to_string(invoice_.due));
        out_.field("line_digits", invoice_.line_digits);
        out_.field("payable_digits", invoice_.payable_digits);
        out_.field("catalog", invoice_.catalog);
    }

    // Which invoice a note corrects.
    void corrects() {
        out_.key("corrects");
        if (invoice_.kind == DocumentKind::invoice) {
            out_.null();
            return;
        }
        out_.begin_object();
        out_.field("id", invoice_.corrects.value);
        out_.field("number", invoice_.corrects_number);
        out_.field("issued", to_string(invoice_.corrects_issued));
        out_.field("by_hand", invoice_.by_hand);
        out_.end_object();
    }

    void parties() {
        out_.key("seller").begin_object();
        out_.field("title", invoice_.seller_title);
        texts("address", invoice_.seller_address);
        out_.field("tax_number", invoice_.seller_tax_number);
        out_.field("logo", invoice_.logo);
        out_.end_object();
        out_.key("payer").begin_object();
        out_.field("id", invoice_.payer.value);
        out_.field("name", invoice_.payer_name);
        out_.field("title", invoice_.payer_title);
        texts("address", invoice_.payer_address);
        out_.field("tax_number", invoice_.payer_tax_number);
        out_.field("country", invoice_.payer_country);
        out_.end_object();
    }

    void terms() {
        out_.field("payment", invoice_.payment_text);
        out_.key("fields").begin_array();
        for (const auto& [name, value] : invoice_.fields) {
            out_.begin_object();
            out_.field("name", name);
            out_.field("value", value);
            out_.end_object();
        }
        out_.end_array();
    }

    void lines() {
        out_.key("lines").begin_array();
        for (const InvoiceLine& line : invoice_.lines) {
            out_.begin_object();
            line_names(line);
            line_numbers(line);
            details(line);
            usage(line);
            out_.end_object();
        }
        out_.end_array();
    }

    void line_names(const InvoiceLine& line) {
        out_.field("number", line.number);
        out_.field("kind", name_of(line.kind));
        out_.field("component", line.component.value);
        out_.field("catalog_version", line.version.value);
        out_.key("department").begin_object();
        out_.field("id", line.department.value);
        out_.field("title", line.department_title);
        out_.end_object();
        out_.field("service", line.service);
        out_.field("text", line.text);
    }

    void line_numbers(const InvoiceLine& line) {
        period("period", line.period);
        period("cycle", line.cycle);
        exact("fraction", line.fraction);
        exact("quantity", line.quantity);
        out_.field("unit", line.unit);
        out_.field("unit_price", line.unit_price);
        out_.field("arithmetic", line.arithmetic);
        exact("exact", line.exact);
        money("already_billed", line.already_billed);
        money("amount", line.amount);
        out_.field("rounding", line.rounding);
        out_.field("tax_category", line.tax_category);
        out_.key("tax").begin_object();
        out_.field("name", line.tax.name);
        out_.field("rule", line.tax.rule);
        exact("percent", line.tax.percent);
        out_.field("included", line.tax.included);
        out_.field("text", line.tax.text);
        out_.end_object();
        converted(line.converted);
    }

    void converted(const Conversion& from) {
        out_.key("converted");
        if (from.amount.currency == Currency{}) {
            out_.null();
            return;
        }
        out_.begin_object();
        out_.field("currency", from.amount.currency.code());
        out_.field("amount", from.amount.to_string());
        exact("rate", from.rate);
        out_.field("day", to_string(from.day));
        out_.end_object();
    }

    void details(const InvoiceLine& line) {
        out_.key("details").begin_array();
        for (const LineDetail& detail : line.details) {
            out_.begin_object();
            out_.field("subject", detail.subject);
            out_.field("note", detail.note);
            out_.field("quantity", detail.quantity);
            exact("exact", detail.exact);
            money("attributed", detail.attributed);
            out_.end_object();
        }
        out_.end_array();
    }

    void usage(const InvoiceLine& line) {
        out_.key("usage_by_day").begin_array();
        for (const std::int64_t quantity : line.usage_by_day) out_.value(quantity);
        out_.end_array();
        out_.field("usage_unit", line.usage_unit);
        out_.field("allowance", line.allowance);
        out_.field("used", line.used);
    }

    void adjustments() {
        out_.key("adjustments").begin_array();
        for (const Adjustment& adjustment : invoice_.adjustments) {
            out_.begin_object();
            out_.field("text", adjustment.text);
            out_.field("reason", adjustment.reason);
            out_.key("line");
            if (adjustment.line) {
                out_.value(*adjustment.line);
            } else {
                out_.null();
            }
            money("amount", adjustment.amount);
            out_.end_object();
        }
        out_.end_array();
    }

    void totals() {
        money("lines_total", invoice_.lines_total);
        money("net", invoice_.net);
        out_.key("taxes").begin_array();
        for (const TaxLine& tax : invoice_.taxes) {
            out_.begin_object();
            out_.field("category", tax.category);
            out_.field("name", tax.name);
            out_.field("rule", tax.rule);
            exact("percent", tax.percent);
            money("net", tax.net);
            money("tax", tax.tax);
            out_.field("included", tax.included);
            out_.field("text", tax.text);
            out_.end_object();
        }
        out_.end_array();
        money("tax", invoice_.tax);
        money("payable", invoice_.payable);
    }

    const Invoice& invoice_;
    JsonWriter out_;
};

}  // namespace

std::string invoice_json(const Invoice& invoice) {
    return InvoiceWriter(invoice).write();
}

}  // namespace farthing::render
