#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "render/canvas.h"
#include "render/documents.h"
#include "render/sections.h"
#include "render/usage_chart.h"
#include "render/wording.h"

namespace farthing::render {

namespace {

constexpr double kLeft = 56.7;  // 20 mm
constexpr double kWidth = kPaperWidth - 2 * kLeft;
constexpr double kRight = kLeft + kWidth;
constexpr double kTop = 45;
constexpr double kFooterTop = kPaperHeight - 52;
constexpr double kBottom = kFooterTop - 10;

// Beyond these a document no longer helps its reader; the CSV lists every detail and the page says
// so.
constexpr std::size_t kDetailsPerLineMax = 100;
constexpr std::size_t kDetailsPerDocumentMax = 2'000;
constexpr std::size_t kFieldsMax = 10;
constexpr std::size_t kAddressLinesMax = 7;
constexpr std::string_view kNoBreak = "\u00A0";

struct Column {
    double x;
    double width;
};
constexpr double kNumberWidth = 18;
constexpr Column kNumber{kLeft, kNumberWidth};
constexpr Column kText{kLeft + kNumberWidth, 160};
constexpr Column kPeriod{kText.x + kText.width + 8, 96};
constexpr Column kQuantity{kPeriod.x + kPeriod.width + 4, 64};
constexpr Column kPrice{kQuantity.x + kQuantity.width + 8, 62};
constexpr Column kAmount{kPrice.x + kPrice.width + 4, kRight - kPrice.x - kPrice.width - 4};

constexpr TextStyle kBody{8.5, false, 0.10};
constexpr TextStyle kBodyWrapped{8.5, false, 0.10, Side::left, 4};
constexpr TextStyle kBodyRight{8.5, false, 0.10, Side::right};
constexpr TextStyle kQuantityText{8.5, false, 0.10, Side::right, 3};
constexpr TextStyle kBodyBold{8.5, true, 0.05};
constexpr TextStyle kBodyBoldRight{8.5, true, 0.05, Side::right};
constexpr TextStyle kSmall{7, false, 0.38, Side::left, 3};
constexpr TextStyle kSmallRight{7, false, 0.38, Side::right, 2};
constexpr TextStyle kHeading{10.5, true, 0.05};
constexpr TextStyle kTitle{10.5, true, 0.05, Side::left, 2};
constexpr TextStyle kHeadingRight{10.5, true, 0.05, Side::right};
constexpr TextStyle kLabel{7, false, 0.40};
constexpr TextStyle kLabelRight{7, false, 0.40, Side::right};

// The unit may stand below its number.
std::string quantity_of(const InvoiceLine& line) {
    std::string text = quantity_text(line);
    for (std::size_t at = text.find(kNoBreak); at != std::string::npos;
         at = text.find(kNoBreak, at))
        text.replace(at, kNoBreak.size(), " ");
    return text;
}

// Amounts carry a minus as wide as their digits.
std::string printed(std::string text) {
    if (text.starts_with('-')) text.replace(0, 1, "\u2212");
    return text;
}

Money sum_of(const std::vector<const InvoiceLine*>& lines, Currency currency) {
    Money sum{0, currency};
    for (const InvoiceLine* line : lines) {
        if (line->amount.currency == Currency{}) continue;
        if (const auto next = checked_add(sum, line->amount)) sum = *next;
    }
    return sum;
}

// One run over the document. The first run counts the pages, the second knows how many there are.
class Writer {
  public:
    Writer(Canvas& canvas, const Invoice& invoice, int pages)
        : canvas_(canvas),
          invoice_(invoice),
          pages_(pages),
          reference_(invoice_reference(invoice)) {}

    int write() {
        start_page();
        letterhead();
        for (const Section& section : sections_of(invoice_)) write_section(section);
        adjustments();
        totals();
        payment();
        end_page();
        return page_;
    }

  private:
    std::string line_amount(const Money& amount) const {
        return printed(amount_text(amount, invoice_.line_digits));
    }
    std::string amount(const Money& amount) const {
        return printed(amount_text(amount, invoice_.payable_digits));
    }
    bool is_note() const { return invoice_.kind == DocumentKind::note; }
    bool is_credit() const { return invoice_.payable.atoms < 0; }
    bool sent() const { return invoice_.state == InvoiceState::sent; }

    void start_page() {
        page_ += 1;
        const std::string_view mark = state_mark(invoice_.state);
        if (!mark.empty()) canvas_.watermark(mark);
        y_ = kTop;
        if (page_ == 1) return;
        canvas_.text(kLeft, y_, kWidth * 0.5, invoice_.seller_title, kLabel);
        canvas_.text(kLeft + kWidth * 0.5, y_, kWidth * 0.5,
                     fmt::format("{} {} · {}", document_title(invoice_), reference_, payer()),
                     kLabelRight);
        y_ += 13;
        canvas_.line(kLeft, y_, kRight, y_, 0.5, 0.6);
        y_ += 12;
    }

    void end_page() {
        canvas_.line(kLeft, kFooterTop, kRight, kFooterTop, 0.5, 0.6);
        std::string seller = invoice_.seller_title;
        for (const std::string& line : invoice_.seller_address) seller += " · " + line;
        if (!invoice_.seller_tax_number.empty()) seller += " · " + invoice_.seller_tax_number;
        TextStyle style = kSmall;
        style.lines_max = 2;
        canvas_.text(kLeft, kFooterTop + 6, kWidth - 60, seller, style);
        canvas_.text(kRight - 60, kFooterTop + 6, 60, fmt::format("{} / {}", page_, pages_),
                     kSmallRight);
        canvas_.end_page();
    }

    // Starts a new page unless `height` fits on this one; tells whether it did.
    bool need(double height) {
        if (y_ + height <= kBottom) return false;
        end_page();
        start_page();
        return true;
    }

    std::string payer() const {
        return invoice_.payer_title.empty() ? invoice_.payer_name : invoice_.payer_title;
    }

    // The first page's head: who sends it, to whom, and the facts a bookkeeper looks for.
    void letterhead() {
        const double head_top = y_;
        double seller_height = 0;
        if (canvas_.has_image()) {
            seller_height = canvas_.image(kLeft, y_, 170, 52);
        } else {
            seller_height = canvas_.text(kLeft, y_, kWidth * 0.55, invoice_.seller_title,
                                         {17, true, 0.05, Side::left, 2});
        }
        double right = head_top;
        right += canvas_.text(kLeft + kWidth * 0.58, right, kWidth * 0.42,
                              std::string(document_title(invoice_)) + (sent() ? "" : " (not sent)"),
                              {17, true, 0.05, Side::right, 1});
        right += canvas_.text(kLeft + kWidth * 0.58, right + 1, kWidth * 0.42, reference_,
                              {9.5, false, 0.2, Side::right, 1});
        y_ = std::max(head_top + seller_height, right) + 26;
        const double facts_bottom = facts(y_);
        const double address_bottom = address(y_);
        y_ = std::max(facts_bottom, address_bottom) + 16;
        payable_banner();
    }

    double address(double y) {
        y += canvas_.text(kLeft, y, kWidth * 0.45, "Bill to", kLabel) + 2;
        y += canvas_.text(kLeft, y, kWidth * 0.45, payer(), {10, true, 0.05, Side::left, 2});
        std::size_t shown = 0;
        for (const std::string& line : invoice_.payer_address) {
            if (shown++ == kAddressLinesMax) break;
            y += canvas_.text(kLeft, y, kWidth * 0.45, line, {9.5, false, 0.10});
        }
        if (!invoice_.payer_tax_number.empty()) {
            y += 3 + canvas_.text(kLeft, y + 3, kWidth * 0.45,
                                  "Tax number " + invoice_.payer_tax_number, kBody);
        }
        return y;
    }

    std::vector<std::pair<std::string, std::string>> fact_rows() const {
        std::vector<std::pair<std::string, std::string>> rows;
        const std::string what(is_note() ? "Note" : "Invoice");
        rows.emplace_back(what + " number", sent() ? invoice_.number : "given when sent");
        rows.emplace_back(what + " date", sent() ? date_text(invoice_.issued) : "given when sent");
        if (is_note()) {
            rows.emplace_back("Corrects invoice", invoice_.corrects_number);
            rows.emplace_back("of", date_text(invoice_.corrects_issued));
        }
        if (sent() && !is_credit()) rows.emplace_back("Due date", date_text(invoice_.due));
        rows.emplace_back("Billing period", period_text(invoice_.period));
        rows.emplace_back("Customer", invoice_.payer_name);
        std::size_t shown = 0;
        for (const auto& [name, value] : invoice_.fields) {
            if (shown++ == kFieldsMax) {
                rows.emplace_back(
                    "Further fields",
                    fmt::format("{} more, in the data file", invoice_.fields.size() - kFieldsMax));
                break;
            }
            rows.emplace_back(name, value);
        }
        return rows;
    }

    double facts(double y) {
        const double label_x = kLeft + kWidth * 0.52;
        const double value_x = label_x + 86;
        for (const auto& [name, value] : fact_rows()) {
            canvas_.text(label_x, y + 1, 84, name, {7.5, false, 0.40});
            y += std::max(13.0, canvas_.text(value_x, y, kRight - value_x, value,
                                             {8.5, false, 0.05, Side::right, 2}) +
                                    2);
        }
        return y;
    }

    void payable_banner() {
        constexpr double kHeight = 30;
        canvas_.box(kLeft, y_, kWidth, kHeight, 0.94);
        const std::string when = is_credit() ? "To your credit"
                                 : sent()    ? "To pay by " + date_text(invoice_.due)
                                             : "To pay";
        canvas_.text(kLeft + 10, y_ + 9, kWidth * 0.5, when, {9.5, false, 0.10});
        canvas_.text(kLeft + kWidth * 0.5, y_ + 6.5, kWidth * 0.5 - 10,
                     printed_with_currency(is_credit() ? -invoice_.payable : invoice_.payable),
                     {13, true, 0.05, Side::right, 1});
        y_ += kHeight + 18;
    }

    std::string printed_with_currency(const Money& money) const {
        if (money.currency == Currency{}) return {};
        return std::string(money.currency.code()) + "\u00A0" + amount(money);
    }

    void column_heads() {
        canvas_.text(kNumber.x, y_, kText.width, "Line", kLabel);
        canvas_.text(kPeriod.x, y_, kPeriod.width, "Period, both days included", kLabel);
        canvas_.text(kQuantity.x, y_, kQuantity.width, "Quantity", kLabelRight);
        canvas_.text(kPrice.x, y_, kPrice.width, "Price", kLabel);
        canvas_.text(
            kAmount.x, y_, kAmount.width,
            invoice_.currency == Currency{} ? "Amount" : std::string(invoice_.currency.code()),
            kLabelRight);
        y_ += 11;
        canvas_.line(kLeft, y_, kRight, y_, 0.5, 0.3);
        y_ += 5;
    }

    // Keeps the heads of the table over lines that go on overleaf.
    void need_in_table(double height) {
        if (!need(height)) return;
        canvas_.text(kLeft, y_, kWidth, section_title_ + ", continued", {8.5, true, 0.3});
        y_ += 15;
        column_heads();
    }

    void write_section(const Section& section) {
        std::vector<const InvoiceLine*> all;
        for (const Department& department : section.departments) {
            all.insert(all.end(), department.lines.begin(), department.lines.end());
        }
        section_title_ = section.service;
        const bool by_department = section.departments.size() > 1;
        const double heads = 40 + (by_department ? 15 : 0);
        need(all.empty() ? heads : heads + line_height(*all.front()));
        const double title_height = canvas_.text(kLeft, y_, kWidth * 0.7, section_title_, kTitle);
        canvas_.text(kLeft + kWidth * 0.7, y_, kWidth * 0.3,
                     line_amount(sum_of(all, invoice_.currency)), kHeadingRight);
        y_ += std::max(19.0, title_height + 5);
        column_heads();
        for (const Department& department : section.departments) {
            if (by_department) department_head(department);
            for (const InvoiceLine* line : department.lines) write_line(*line);
        }
        y_ += 14;
    }

    void department_head(const Department& department) {
        need_in_table(15 + (department.lines.empty() ? 0 : line_height(*department.lines.front())));
        const std::string title = department.title.empty() ? payer() : department.title;
        canvas_.text(kLeft, y_, kWidth * 0.7, title, kBodyBold);
        canvas_.text(kAmount.x - 40, y_, kAmount.width + 40,
                     line_amount(sum_of(department.lines, invoice_.currency)), kBodyBoldRight);
        y_ += 15;
    }

    std::string second_row(const InvoiceLine& line) const {
        std::string text = line.arithmetic;
        if (line.already_billed.atoms != 0) {
            text += (text.empty() ? "" : "; ") + std::string("billed before: ") +
                    line_amount(line.already_billed);
        }
        return text;
    }

    std::string days_row(const InvoiceLine& line) const {
        if (line.period.empty()) return {};
        const int days = line.period.days();
        const std::string count = fmt::format("{} {}", days, days == 1 ? "day" : "days");
        return line.fraction == Exact(1)
                   ? count
                   : count + ", " + line.fraction.to_fraction() + " of the cycle";
    }

    double row_height(const InvoiceLine& line) {
        const auto two = [&](double width, const std::string& first, const std::string& second) {
            return canvas_.text_height(width, first, kBodyWrapped) +
                   canvas_.text_height(width, second, kSmall);
        };
        return std::max(
            {two(kText.width, line.text, second_row(line)),
             two(kPeriod.width, period_text(line.period), days_row(line)),
             canvas_.text_height(kQuantity.width, printed(quantity_of(line)), kQuantityText),
             canvas_.text_height(kPrice.width, line.unit_price, kSmall), 10.0});
    }

    // Without its details.
    double line_height(const InvoiceLine& line) {
        return row_height(line) + (has_chart(line) ? kChartHeight + 8 : 0) + 4;
    }

    void write_line(const InvoiceLine& line) {
        const std::string second = second_row(line);
        const std::string days = days_row(line);
        const double text_height = canvas_.text_height(kText.width, line.text, kBodyWrapped);
        const double period_height =
            canvas_.text_height(kPeriod.width, period_text(line.period), kBodyWrapped);
        const double height = row_height(line);
        need_in_table(line_height(line));
        canvas_.text(kNumber.x, y_ + 1, kNumber.width - 4, std::to_string(line.number), kSmall);
        canvas_.text(kText.x, y_, kText.width, line.text, kBodyWrapped);
        canvas_.text(kText.x, y_ + text_height, kText.width, second, kSmall);
        canvas_.text(kPeriod.x, y_, kPeriod.width, period_text(line.period), kBodyWrapped);
        canvas_.text(kPeriod.x, y_ + period_height, kPeriod.width, days, kSmall);
        canvas_.text(kQuantity.x, y_, kQuantity.width, printed(quantity_of(line)), kQuantityText);
        canvas_.text(kPrice.x, y_ + 1, kPrice.width, line.unit_price, kSmall);
        canvas_.text(kAmount.x, y_, kAmount.width, line_amount(line.amount), kBodyRight);
        y_ += height + 4;
        write_details(line);
        if (has_chart(line)) {
            need_in_table(kChartHeight + 8);
            draw_chart(canvas_, kText.x, y_ + 3, kRight - kText.x, line);
            y_ += kChartHeight + 8;
        }
        canvas_.line(kLeft, y_, kRight, y_, 0.3, 0.82);
        y_ += 4;
    }

    void write_details(const InvoiceLine& line) {
        const std::size_t left = kDetailsPerDocumentMax - details_written_;
        const std::size_t shown = std::min({line.details.size(), kDetailsPerLineMax, left});
        for (std::size_t i = 0; i < shown; ++i) write_detail(line.details[i]);
        details_written_ += shown;
        if (shown == line.details.size()) return;
        need_in_table(14);
        const std::string rest = grouped(std::to_string(line.details.size() - shown));
        canvas_.text(kText.x + 8, y_, kWidth - 30,
                     fmt::format("{} more, each in the CSV file of this invoice", rest), kSmall);
        y_ += 12;
    }

    void write_detail(const LineDetail& detail) {
        need_in_table(12);
        const std::string subject =
            detail.note.empty() ? detail.subject : detail.subject + " · " + detail.note;
        TextStyle one_line = kSmall;
        one_line.lines_max = 1;
        TextStyle one_line_right = kSmallRight;
        one_line_right.lines_max = 1;
        canvas_.text(kText.x + 8, y_, kText.width + kPeriod.width - 4, subject, one_line);
        canvas_.text(kQuantity.x, y_, kQuantity.width, detail.quantity, one_line_right);
        canvas_.text(kPrice.x, y_, kPrice.width, line_amount(detail.attributed), one_line_right);
        y_ += 10.5;
    }

    void adjustments() {
        const std::vector<Adjustment> apart = adjustments_apart(invoice_);
        if (apart.empty()) return;
        need(50);
        section_title_ = "Adjustments";
        canvas_.text(kLeft, y_, kWidth, section_title_, kHeading);
        y_ += 19;
        for (const Adjustment& adjustment : apart) {
            const std::string where =
                adjustment.line ? fmt::format("line {}: ", *adjustment.line) : "";
            const double height = canvas_.text_height(kWidth - 110, adjustment.text, kBodyWrapped);
            need(height + 14);
            canvas_.text(kLeft, y_, kWidth - 110, where + adjustment.text, kBodyWrapped);
            canvas_.text(kRight - 100, y_, 100, line_amount(adjustment.amount), kBodyRight);
            y_ += height +
                  canvas_.text(kLeft, y_ + height, kWidth - 110, adjustment.reason, kSmall) + 5;
        }
        y_ += 8;
    }

    // Why a law taxes it so: printed where the law wants it read.
    void tax_reason(const std::string& text) {
        const double x = kLeft + kWidth * 0.5;
        const double height = canvas_.text_height(kWidth * 0.5, text, kSmall);
        need(height + 4);
        canvas_.text(x, y_, kWidth * 0.5, text, kSmall);
        y_ += height + 4;
    }

    void total_row(const std::string& label, const std::string& value, bool strong) {
        const double x = kLeft + kWidth * 0.5;
        canvas_.text(x, y_, kWidth * 0.32, label, strong ? kBodyBold : kBody);
        canvas_.text(kRight - 130, y_, 130, value, strong ? kBodyBoldRight : kBodyRight);
        y_ += 14;
    }

    void totals() {
        need(90 + 28 * static_cast<double>(std::min<std::size_t>(invoice_.taxes.size(), 8)));
        canvas_.line(kLeft + kWidth * 0.5, y_, kRight, y_, 0.8, 0.1);
        y_ += 6;
        total_row("Sum of the lines", line_amount(invoice_.lines_total), false);
        rounding_row();
        total_row("Net", printed_with_currency(invoice_.net), true);
        for (const TaxLine& tax : invoice_.taxes) {
            need(40);
            total_row(fmt::format("{} on {}", tax_text(tax), amount(tax.net)), amount(tax.tax),
                      false);
            if (!tax.text.empty()) tax_reason(tax.text);
        }
        if (invoice_.taxes.empty()) total_row("Tax", amount(invoice_.tax), false);
        canvas_.line(kLeft + kWidth * 0.5, y_, kRight, y_, 0.8, 0.1);
        y_ += 6;
        canvas_.text(kLeft + kWidth * 0.5, y_, kWidth * 0.25, "Payable", {11, true, 0.05});
        canvas_.text(kRight - 160, y_, 160, printed_with_currency(invoice_.payable),
                     {11, true, 0.05, Side::right, 1});
        y_ += 38;
    }

    // What lies between the lines and the net: adjustments that no line shows, and rounding to the
    // payable scale.
    void rounding_row() {
        if (invoice_.net.currency == Currency{} || invoice_.lines_total.currency == Currency{})
            return;
        Exact rest = invoice_.net.exact() - invoice_.lines_total.exact();
        Exact adjusted;
        for (const Adjustment& adjustment : adjustments_apart(invoice_))
            adjusted += adjustment.amount.exact();
        const Exact taxed = -included_tax(invoice_).exact();
        rest -= adjusted + taxed;
        const auto row = [&](const std::string& label, const Exact& value) {
            const auto money = money_of(value, invoice_.currency);
            if (money && money->atoms != 0) total_row(label, line_amount(*money), false);
        };
        row("Adjustments", adjusted);
        row("Tax in these amounts", taxed);
        row(fmt::format("Rounding to {} decimals", invoice_.payable_digits), rest);
    }

    void payment() {
        if (invoice_.payment_text.empty() || is_credit()) return;
        TextStyle style = kBody;
        style.lines_max = 12;
        style.breaks = true;
        const double height = canvas_.text_height(kWidth * 0.55, invoice_.payment_text, style) + 34;
        need(std::max(height, 66.0) + 6);
        const double box_height = std::max(height, 66.0);
        canvas_.frame(kLeft, y_, kWidth, box_height, 0.6, 0.5);
        canvas_.text(kLeft + 10, y_ + 8, 200, "Payment", kBodyBold);
        canvas_.text(kLeft + 10, y_ + 24, kWidth * 0.55, invoice_.payment_text, style);
        const double x = kLeft + kWidth * 0.62;
        double y = y_ + 8;
        const auto fact = [&](std::string_view label, const std::string& value) {
            canvas_.text(x, y + 1, 70, label, kLabel);
            canvas_.text(x + 60, y, kRight - x - 70, value, kBodyBoldRight);
            y += 16;
        };
        fact("Amount", printed_with_currency(invoice_.payable));
        fact("Due", sent() ? date_text(invoice_.due) : "when sent");
        fact("Reference", sent() ? invoice_.number : "when sent");
        y_ += box_height + 6;
    }

    Canvas& canvas_;
    const Invoice& invoice_;
    int pages_;
    std::string reference_;
    std::string section_title_;
    double y_ = 0;
    int page_ = 0;
    std::size_t details_written_ = 0;
};

Result<int> draw(Canvas& canvas, const Invoice& invoice, std::string_view logo_png, int pages) {
    if (!logo_png.empty()) FARTHING_CHECK(canvas.load_image(logo_png));
    return Writer(canvas, invoice, pages).write();
}

}  // namespace

Result<std::string> invoice_pdf(const Invoice& invoice, std::string_view logo_png) {
    const DocumentTitle title{
        fmt::format("{} {}", document_title(invoice), invoice_reference(invoice)),
        invoice.seller_title, invoice.payer_title + ", " + period_text(invoice.period),
        invoice.issued};
    Canvas counting(title, Canvas::Keep::no);
    FARTHING_TRY(const int pages, draw(counting, invoice, logo_png, 0));
    FARTHING_CHECK(counting.finish());
    Canvas canvas(title, Canvas::Keep::yes);
    FARTHING_CHECK(draw(canvas, invoice, logo_png, pages));
    return canvas.finish();
}

}  // namespace farthing::render
