#include <fmt/format.h>

#include "base/csv.h"
#include "base/decimal.h"
#include "render/documents.h"
#include "render/wording.h"

namespace farthing::render {

namespace {

// One row after the other; the writer knows which cells are text, since only text can be taken for
// a formula.
class CsvWriter {
  public:
    CsvWriter& text(std::string_view content) { return put(csv_text(content)); }
    CsvWriter& number(std::string_view content) { return put(csv_field(content)); }
    void end_row() {
        out_ += "\n";
        at_start_ = true;
    }
    std::string take() { return std::move(out_); }

  private:
    CsvWriter& put(std::string_view cell) {
        if (!at_start_) out_ += ',';
        at_start_ = false;
        out_ += cell;
        return *this;
    }
    std::string out_;
    bool at_start_ = true;
};

constexpr std::string_view kHeader =
    "invoice,state,row,line,kind,department,service,text,subject,note,first_day,last_day,fraction_"
    "of,fraction_by,"
    "quantity,unit,quantity_text,unit_price,arithmetic,exact,rounding,already_billed,amount,"
    "attributed,currency,"
    "tax_category,tax,tax_percent,corrects\n";
constexpr int kExactDigits = 12;  // the canonical document has the whole fraction

std::string money_cell(const Money& amount) {
    return amount.currency == Currency{} ? std::string() : amount.to_string();
}

// Rounded half-even to twelve decimals, trailing zeros cut.
std::string exact_cell(const Exact& number) {
    return number.rounded_to(kExactDigits, Rounding::half_even).to_decimal(kExactDigits);
}

class Sheet {
  public:
    explicit Sheet(const Invoice& invoice) : invoice_(invoice) {}

    std::string write() {
        for (const InvoiceLine& line : invoice_.lines) {
            line_row(line);
            for (const LineDetail& detail : line.details) detail_row(line, detail);
        }
        for (const Adjustment& adjustment : adjustments_apart(invoice_)) adjustment_row(adjustment);
        return std::string(kHeader) + out_.take();
    }

  private:
    void start_row(std::string_view row) {
        out_.text(invoice_.number).text(name_of(invoice_.state)).text(row);
    }
    void end_row(const Money& amount, const Money& attributed, std::string_view tax_category,
                 const LineTax& tax) {
        out_.number(money_cell(amount)).number(money_cell(attributed));
        out_.text(invoice_.currency == Currency{} ? std::string_view() : invoice_.currency.code());
        out_.text(tax_category).text(tax.name);
        out_.number(tax.name.empty() ? std::string() : exact_cell(tax.percent));
        out_.text(invoice_.corrects_number).end_row();
    }
    void line_names(const InvoiceLine& line) {
        out_.number(std::to_string(line.number)).text(name_of(line.kind));
        out_.text(line.department_title).text(line.service).text(line.text);
    }
    void days(DatePeriod period) {
        out_.text(period.empty() ? std::string() : to_string(period.first));
        out_.text(period.empty() ? std::string() : to_string(period.end.plus_days(-1)));
    }
    void line_row(const InvoiceLine& line) {
        start_row("line");
        line_names(line);
        out_.text("").text("");
        days(line.period);
        const std::string fraction = line.fraction.to_fraction();
        const std::size_t slash = fraction.find('/');
        out_.number(fraction.substr(0, slash));
        out_.number(slash == std::string::npos ? "1"
                                               : std::string_view(fraction).substr(slash + 1));
        out_.number(exact_cell(line.quantity)).text(line.unit).text("");
        out_.text(line.unit_price)
            .text(line.arithmetic)
            .number(exact_cell(line.exact))
            .text(line.rounding);
        out_.number(money_cell(line.already_billed));
        end_row(line.amount, {}, line.tax_category, line.tax);
    }
    void detail_row(const InvoiceLine& line, const LineDetail& detail) {
        start_row("detail");
        line_names(line);
        out_.text(detail.subject).text(detail.note);
        days(line.period);
        out_.text("").text("").text("").text("").text(detail.quantity);
        out_.text("").text("").number(exact_cell(detail.exact)).text("").text("");
        end_row({}, detail.attributed, line.tax_category, line.tax);
    }
    void adjustment_row(const Adjustment& adjustment) {
        start_row("adjustment");
        out_.number(adjustment.line ? std::to_string(*adjustment.line) : std::string());
        out_.text(name_of(LineKind::adjustment)).text("").text("").text(adjustment.text);
        out_.text("").text(adjustment.reason);
        days({});
        out_.text("").text("").text("").text("").text("").text("").text("").text("").text("").text(
            "");
        end_row(adjustment.amount, {}, "", {});
    }

    const Invoice& invoice_;
    CsvWriter out_;
};

}  // namespace

std::string invoice_csv(const Invoice& invoice) {
    return Sheet(invoice).write();
}

}  // namespace farthing::render
