#include "render/documents.h"

#include <cairo.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "render/reasons.h"
#include "render/sample_invoices.h"
#include "render/text_table.h"
#include "render/wording.h"

// Pango loads fonts on a thread of its own and keeps them to the end of the process: what
// fontconfig holds then is no leak of ours. Called by the leak sanitizer only.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libfontconfig.so\n";
}

namespace farthing::render {
namespace {

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + 1))
        count += 1;
    return count;
}

std::vector<std::string> rows_of(const std::string& text) {
    std::vector<std::string> rows;
    std::size_t start = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', start)) {
        rows.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return rows;
}

TEST(InvoiceJson, comes_back_byte_for_byte) {
    const std::string json = invoice_json(sample_invoice());
    const auto read = read_invoice_json(json);
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    EXPECT_EQ(invoice_json(*read), json);
    EXPECT_TRUE(*read == sample_invoice());
    EXPECT_EQ(read->lines[1].exact, Exact(800, 31));
    EXPECT_EQ(read->lines[1].amount, eur("25.8064"));
    EXPECT_EQ(read->lines[2].usage_by_day, sample_invoice().lines[2].usage_by_day);
    EXPECT_EQ(read->adjustments[0].line, std::optional<std::uint32_t>(3));
    EXPECT_EQ(read->period.end, Date::of(2026, 2, 1));
    EXPECT_EQ(read->state, InvoiceState::sent);
}

TEST(InvoiceJson, money_and_fractions_are_text) {
    const std::string json = invoice_json(sample_invoice());
    EXPECT_NE(json.find("\"amount\": \"25.8064\""), std::string::npos);
    EXPECT_NE(json.find("\"fraction\": \"16/31\""), std::string::npos);
    EXPECT_NE(json.find("\"last\": \"2026-01-31\""), std::string::npos);
}

TEST(InvoiceJson, an_empty_document_comes_back) {
    const std::string json = invoice_json(Invoice{});
    const auto read = read_invoice_json(json);
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    EXPECT_EQ(invoice_json(*read), json);
}

RC_GTEST_PROP(InvoiceJson, any_atoms_any_fraction_any_text_come_back,
              (std::int64_t high, std::uint64_t low, std::int64_t top, std::string text)) {
    Invoice invoice = sample_invoice();
    InvoiceLine& line = invoice.lines[0];
    line.amount.atoms = static_cast<i128>(high) * (i128{1} << 60) + static_cast<i128>(low);
    line.exact =
        Exact(static_cast<i128>(top) * 1'000'003, static_cast<i128>(low) + 1) * Exact(1, 7'919);
    line.text = "ä" + std::string(text.begin(), std::remove_if(text.begin(), text.end(),
                                                               [](char c) { return c < 0; }));
    const auto read = read_invoice_json(invoice_json(invoice));
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->lines[0].amount == line.amount);
    RC_ASSERT(read->lines[0].exact == line.exact);
    RC_ASSERT(read->lines[0].text == line.text);
}

TEST(InvoiceJson, what_cant_be_read_names_the_field) {
    const auto code_of = [](std::string_view json) { return read_invoice_json(json).error().code; };
    EXPECT_EQ(code_of("{"), "not_json");
    EXPECT_EQ(code_of(""), "not_json");
    EXPECT_EQ(code_of("[]"), "document_kind_unknown");
    EXPECT_EQ(code_of(R"({"document": "statement", "version": 1})"), "document_kind_unknown");
    EXPECT_EQ(code_of(R"({"document": "invoice", "version": 2})"), "document_kind_unknown");
    const auto bare = read_invoice_json(R"({"document": "invoice", "version": 1})");
    ASSERT_FALSE(bare.has_value());
    EXPECT_EQ(bare.error().code, "document_field_missing");
    EXPECT_NE(bare.error().message.find("the field "), std::string::npos) << bare.error().message;
    std::string json = invoice_json(sample_invoice());
    json.replace(json.find("\"25.8064\""), 9, "25.8064");
    const auto read = read_invoice_json(json);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, "document_field_malformed");
    EXPECT_NE(read.error().message.find("lines[1].amount"), std::string::npos)
        << read.error().message;
}

TEST(InvoiceJson, each_single_cut_is_refused_and_never_crashes) {
    const std::string json = invoice_json(sample_invoice());
    for (std::size_t cut = 0; cut + 2 < json.size(); cut += 7) {
        EXPECT_FALSE(read_invoice_json(std::string_view(json).substr(0, cut)).has_value()) << cut;
    }
}

TEST(InvoiceJson, absurd_digits_are_refused) {
    std::string json = invoice_json(sample_invoice());
    json.replace(json.find("\"line_digits\": 4"), 16, "\"line_digits\": 90");
    ASSERT_FALSE(read_invoice_json(json).has_value());
}

TEST(InvoiceCsv, text_that_a_spreadsheet_would_run_is_escaped) {
    for (const std::string_view start : {"=", "+", "-", "@", "\t", "\r"}) {
        Invoice invoice = sample_invoice();
        invoice.lines[0].text = std::string(start) + "HYPERLINK(1)";
        const std::string csv = invoice_csv(invoice);
        EXPECT_NE(csv.find("'" + invoice.lines[0].text), std::string::npos) << start;
        EXPECT_EQ(csv.find("," + invoice.lines[0].text), std::string::npos) << start;
    }
}

TEST(InvoiceCsv, numbers_keep_their_sign_unescaped) {
    const auto rows = rows_of(invoice_csv(sample_invoice()));
    ASSERT_EQ(rows.size(), 1U + 5 + 3 + 1);
    EXPECT_NE(rows[7].find(",-1.25,\"toward_zero, 4 digits\",0.00,-1.25,,EUR,standard"),
              std::string::npos)
        << rows[7];
    EXPECT_EQ(rows[9],
              "INV-2026-0001,sent,adjustment,3,adjustment,,,Goodwill for the outage of 9 "
              "January,,ticket 8812,"
              ",,,,,,,,,,,,-2.00,,EUR,,,,");
}

TEST(InvoiceCsv, every_row_has_every_column) {
    Invoice invoice = sample_invoice();
    invoice.lines[0].text = "no separators";
    for (InvoiceLine& line : invoice.lines) line.text = line.rounding = "plain";
    for (const std::string& row : rows_of(invoice_csv(invoice)))
        EXPECT_EQ(count_of(row, ","), 28U) << row;
}

TEST(InvoiceCsv, quotes_and_line_feeds_stay_in_their_cell) {
    Invoice invoice = sample_invoice();
    invoice.lines[0].text = "a \"b\"\nc";
    EXPECT_NE(invoice_csv(invoice).find("\"a \"\"b\"\"\nc\""), std::string::npos);
}

TEST(InvoiceText, shows_what_a_clerk_asks_for) {
    const std::string text = invoice_text(sample_invoice());
    for (const std::string_view part :
         {"INV-2026-0001", "16–31 Jan 2026 · 16 days, 16/31 of the cycle", "25.8064",
          "Purchase order: PO-4711", "EUR\u00A0359.67", "-1.2500", "60 SIMs"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(text.find("not sent"), std::string::npos);
}

TEST(InvoiceText, an_unsent_document_says_so) {
    Invoice invoice = sample_invoice();
    invoice.state = InvoiceState::prepared;
    EXPECT_TRUE(invoice_text(invoice).starts_with("*** PREPARED: not sent"));
}

TEST(InvoiceText, no_name_reaches_the_terminal_as_a_control_sequence) {
    Invoice invoice = sample_invoice();
    invoice.seller_title = invoice.payer_title = invoice.lines[0].text = "\x1b[2J";
    invoice.fields = {{"\x1b]0;", "\x07"}};
    invoice.adjustments[0].reason = "\x1b";
    EXPECT_EQ(invoice_text(invoice).find('\x1b'), std::string::npos);
}

TEST(Wording, days_are_inclusive_and_short) {
    const auto text = [](Date first, Date last) { return period_text({first, last.plus_days(1)}); };
    EXPECT_EQ(text(Date::of(2026, 1, 16), Date::of(2026, 1, 31)), "16–31 Jan 2026");
    EXPECT_EQ(text(Date::of(2026, 1, 16), Date::of(2026, 2, 15)), "16 Jan – 15 Feb 2026");
    EXPECT_EQ(text(Date::of(2025, 12, 16), Date::of(2026, 1, 15)), "16 Dec 2025 – 15 Jan 2026");
    EXPECT_EQ(text(Date::of(2026, 2, 28), Date::of(2026, 2, 28)), "28 Feb 2026");
}

TEST(Wording, amounts_show_their_scale_and_never_lose_a_digit) {
    EXPECT_EQ(amount_text(eur("600132"), 2), "600\u202F132.00");
    EXPECT_EQ(amount_text(eur("-1234567.891"), 2), "-1\u202F234\u202F567.891");
    EXPECT_EQ(amount_text(eur("0.000000033"), 2), "0.000000033");
    EXPECT_EQ(amount_text(*Money::parse("258", *Currency::named("JPY")), 0), "258");
    EXPECT_EQ(amount_text(*Money::parse("5.161", *Currency::named("KWD")), 3), "5.161");
}

TEST(Wording, units_that_are_words_have_a_plural) {
    InvoiceLine line = sample_line(1, "Numbers", "Number", "5.0000");
    line.unit = "number";
    line.quantity = Exact(1);
    EXPECT_EQ(quantity_text(line), "1\u00A0number");
    line.quantity = Exact(60);
    EXPECT_EQ(quantity_text(line), "60\u00A0numbers");
    line.unit = "MB";
    line.quantity = Exact(2'400'001, 2);
    EXPECT_EQ(quantity_text(line), "1\u202F200\u202F000.5\u00A0MB");
}

TEST(TextTable, wide_letters_take_two_columns) {
    EXPECT_EQ(columns_of("Õismäe"), 6U);
    EXPECT_EQ(columns_of("谢谢"), 4U);
    EXPECT_EQ(columns_of("e\u0301"), 1U);
}

Statement sample_statement() {
    Statement statement;
    statement.partner = {4};
    statement.partner_name = "Lamp vendor";
    statement.period = {Date::of(2026, 6, 1), Date::of(2026, 7, 1)};
    statement.currency = euro();
    statement.lines = {
        {"Lease of lamps", 1, "INV-2026-0001", eur("600.00"), Exact(30), eur("180.00")},
        {"Energy", 2, "INV-2026-0001", eur("0.13"), Exact(0), eur("0.04")}};
    statement.charged = eur("600.13");
    statement.share = eur("180.04");
    statement.kept = eur("420.09");
    return statement;
}

TEST(StatementDocument, shows_each_share_and_what_is_kept) {
    const std::string text = statement_text(sample_statement());
    for (const std::string_view part :
         {"Lamp vendor", "1–30 Jun 2026", "30 %", "fixed", "180.04", "420.09"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part;
    }
    const std::string json = statement_json(sample_statement());
    EXPECT_NE(json.find("\"kept\": \"420.09\""), std::string::npos);
    EXPECT_NE(json.find("\"percent\": \"30\""), std::string::npos);
}

TEST(InvoicePdf, is_the_same_when_made_twice) {
    const auto first = invoice_pdf(sample_invoice(), "");
    const auto second = invoice_pdf(sample_invoice(), "");
    ASSERT_TRUE(first.has_value()) << first.error().to_string();
    ASSERT_TRUE(first->starts_with("%PDF-"));
    EXPECT_TRUE(*first == *second);
    Invoice other = sample_invoice();
    other.payable = eur("359.68");
    EXPECT_FALSE(*invoice_pdf(other, "") == *first);
}

TEST(InvoicePdf, long_tables_break_and_details_are_bounded) {
    const auto pdf = invoice_pdf(long_invoice(120, 100'000), "");
    ASSERT_TRUE(pdf.has_value()) << pdf.error().to_string();
    EXPECT_LT(pdf->size(), 500'000U);
}

TEST(InvoicePdf, hostile_text_does_not_stop_it) {
    Invoice invoice = sample_invoice();
    invoice.payer_title = std::string("\xff\xfe\0 broken", 10);
    invoice.lines[0].text = std::string(100'000, 'W');
    invoice.lines[1].text = "a\nb\nc\nd\ne\nf\ng";
    invoice.payment_text = std::string(50'000, '\n');
    invoice.payer_address.assign(500, "line");
    invoice.fields.assign(300, {"name", "value"});
    invoice.lines[2].usage_by_day.assign(100'000, 5);
    EXPECT_TRUE(invoice_pdf(invoice, "").has_value());
    EXPECT_TRUE(invoice_pdf(Invoice{}, "").has_value());
}

TEST(InvoicePdf, a_logo_that_is_no_png_is_refused) {
    EXPECT_EQ(invoice_pdf(sample_invoice(), "GIF89a").error().code, "logo_unreadable");
    std::string huge(
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\0\0\0\0\0\0\0", 33);
    EXPECT_EQ(invoice_pdf(sample_invoice(), huge).error().code, "logo_unreadable");
}

TEST(InvoicePdf, a_logo_takes_the_place_of_the_name) {
    cairo_surface_t* const picture = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 40, 20);
    std::string png;
    const auto append = [](void* to, const unsigned char* bytes, unsigned int size) {
        static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes), size);
        return CAIRO_STATUS_SUCCESS;
    };
    cairo_surface_write_to_png_stream(picture, append, &png);
    cairo_surface_destroy(picture);
    const auto with_logo = invoice_pdf(sample_invoice(), png);
    ASSERT_TRUE(with_logo.has_value()) << with_logo.error().to_string();
    EXPECT_EQ(count_of(*with_logo, "/Subtype /Image"), 1U);
    EXPECT_EQ(count_of(*invoice_pdf(sample_invoice(), ""), "/Subtype /Image"), 0U);
    EXPECT_FALSE(invoice_pdf(sample_invoice(), png.substr(0, png.size() / 2)).has_value());
}

// The text of a PDF as poppler reads it.
std::string text_of(const std::string& pdf) {
    const std::string path = testing::TempDir() + "farthing_documents_test.pdf";
    std::ofstream(path, std::ios::binary) << pdf;
    std::FILE* const pipe = popen(("pdftotext -layout '" + path + "' -").c_str(), "r");
    std::string text;
    std::array<char, 4096> buffer{};
    for (std::size_t size = 0; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        text.append(buffer.data(), size);
    }
    EXPECT_EQ(pclose(pipe), 0) << "pdftotext comes with poppler-utils";
    return text;
}

TEST(InvoicePdf, says_what_a_customer_reads) {
    const std::string text = text_of(*invoice_pdf(sample_invoice(), ""));
    for (const std::string_view part :
         {"Northlight Telecom OÜ", "INV-2026-0001", "Osaühing Põhja Sõnumid", "Õismäe tee 12-3",
          "1–31 Jan 2026", "16 days, 16/31 of the cycle", "25.8064", "10 × 5.00 × 16/31",
          "Τμήμα Αθηνών", "PO-4711", "VAT 24 % on 290.06", "−2.0000", "EUR 359.67",
          "17 February 2026", "EE38 2200 2210 2014 5685", "1/2", "2/2"}) {
        EXPECT_EQ(count_of(text, part) > 0, true) << part;
    }
    EXPECT_EQ(count_of(text, "not sent"), 0U);
}

TEST(InvoicePdf, cuts_no_quantity_and_lets_no_name_turn_round_what_follows) {
    Invoice invoice = long_invoice(60, 1);
    invoice.payer_title = "Two\nrows";
    invoice.lines[0].quantity = Exact(1'234'567, 1);
    invoice.lines[0].unit = "message";
    invoice.lines[0].details[0].subject = "one \u202Etwo";
    invoice.lines[0].details[0].note = "of three";
    const std::string text = text_of(*invoice_pdf(invoice, ""));
    EXPECT_EQ(count_of(text, "…"), 0U);
    EXPECT_EQ(count_of(text, "messages"), 1U);
    EXPECT_EQ(count_of(text, "one two · of three"), 1U);
    EXPECT_GT(count_of(text, "Two rows"), 1U);
}

TEST(InvoicePdf, repeats_its_heads_and_says_what_it_left_to_the_csv) {
    Invoice invoice = long_invoice(120, 100'000);
    invoice.state = InvoiceState::prepared;
    invoice.number.clear();
    const std::string text = text_of(*invoice_pdf(invoice, ""));
    EXPECT_EQ(count_of(text, "99 900 more, each in the CSV file"), 1U);
    EXPECT_EQ(count_of(text, "Invoice Prepared osaühing-põhja 2026-01-01"),
              7U);  // on all pages but the first
    EXPECT_GT(count_of(text, "Numbers, continued"), 1U);
    EXPECT_EQ(count_of(text, "8/8"), 1U);
    EXPECT_EQ(count_of(text, "Invoice (not sent)"), 1U);
    EXPECT_EQ(count_of(text, "given when sent"), 2U);
}

}  // namespace
}  // namespace farthing::render
