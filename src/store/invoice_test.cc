#include <gtest/gtest.h>
#include <sqlite3.h>

#include "store/invoice_codec.h"
#include "store/store.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

Notice tell(const Invoice&) {
    return {"invoice.sent", {}, {}, "{}"};
}

Currency usd() {
    return *Currency::named("USD");
}
Money dollars(std::int64_t cents) {
    return {i128{cents} * 10'000'000, usd()};
}

Invoice sample() {
    Invoice invoice;
    invoice.payer = {7};
    invoice.payer_name = "abc";
    invoice.payer_title = "ABC Ölühing";
    invoice.payer_address = {"", "Line\nwith break"};
    invoice.period = {Date::of(2024, 1, 1), Date::of(2024, 2, 1)};
    invoice.issued = Date::of(2024, 2, 1);
    invoice.due = Date::of(2024, 2, 15);
    invoice.currency = usd();
    invoice.line_digits = 4;
    InvoiceLine line;
    line.number = 1;
    line.component = {3};
    line.version = {2};
    line.department = {7};
    line.period = {Date::of(2024, 1, 16), Date::of(2024, 2, 1)};
    line.cycle = invoice.period;
    line.fraction = Exact(16, 31);
    line.quantity = Exact(10);
    line.exact = Exact(800, 31);
    line.amount = dollars(2581);
    line.details = {{"north", "", "10",
                     Exact(1, 3) * Exact(INT64_MAX) * Exact(INT64_MAX) * Exact(INT64_MAX),
                     dollars(-1)}};
    line.usage_by_day = {0, -5, INT64_MAX, INT64_MIN};
    line.usage_unit = "byte";
    invoice.lines = {line};
    invoice.adjustments = {{"goodwill", "outage", 1, dollars(-100)},
                           {"visit", "", std::nullopt, dollars(50)}};
    invoice.fields = {{"purchase order", "PO-1"}};
    invoice.taxes = {{"standard", "VAT 20 %", "rule 1", Exact(20), dollars(2481), dollars(496),
                      false, "as agreed"}};
    invoice.payable = dollars(2977);
    return invoice;
}

Invoice of_february() {
    Invoice invoice = sample();
    invoice.period = {Date::of(2024, 2, 1), Date::of(2024, 3, 1)};
    return invoice;
}

farthing::Statement statement_of(DatePeriod period) {
    farthing::Statement statement;
    statement.partner = {5};
    statement.partner_name = "vendor";
    statement.period = period;
    statement.currency = usd();
    statement.lines = {{"usage", 1, "", dollars(100), Exact(30), dollars(30)}};
    statement.charged = dollars(100);
    statement.share = dollars(30);
    statement.kept = dollars(70);
    return statement;
}

Entry entry_of(std::int64_t atoms) {
    Entry entry;
    entry.kind = EntryKind::fee;
    entry.payer = {7};
    entry.period = sample().period;
    entry.currency = usd();
    entry.postings = {{{LedgerKind::unbilled, 7}, atoms}, {{LedgerKind::revenue, 3}, -atoms}};
    return entry;
}

Invoice numbered(Invoice invoice, std::int64_t number) {
    invoice.number = "INV-2024-" + std::to_string(number);
    return invoice;
}

TEST(InvoiceCodec, ReadsWhatItWroteToTheLastDigit) {
    const Invoice invoice = sample();
    const std::string bytes = encode_invoice(invoice);
    const auto read = decode_invoice(bytes);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(encode_invoice(*read), bytes);
    EXPECT_EQ(read->payer_address, invoice.payer_address);
    EXPECT_EQ(read->lines[0].fraction, Exact(16, 31));
    EXPECT_EQ(read->lines[0].details[0].exact, invoice.lines[0].details[0].exact);
    EXPECT_EQ(read->lines, invoice.lines);
    EXPECT_EQ(read->adjustments[0].line, 1u);
    EXPECT_EQ(read->adjustments[1].line, std::nullopt);
    EXPECT_EQ(read->payable, dollars(2977));
}

TEST(InvoiceCodec, RefusesEveryCutAndAppendedByte) {
    const std::string bytes = encode_invoice(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_invoice(bytes.substr(0, size))) << size;
    EXPECT_FALSE(decode_invoice(bytes + "x"));
    EXPECT_FALSE(decode_statement(bytes));
}

// What release 0.1 wrote must be readable for ever.
TEST(InvoiceCodec, KeepsTheBytesOfVersionOne) {
    const std::string bytes =
        encode_statement(statement_of({Date::of(2024, 1, 1), Date::of(2024, 2, 1)}));
    std::string hex;
    for (const char c : bytes) {
        constexpr char kDigits[] = "0123456789abcdef";
        hex += kDigits[static_cast<unsigned char>(c) >> 4];
        hex += kDigits[static_cast<unsigned char>(c) & 15];
    }
    EXPECT_EQ(hex,
              "4653544d020a0c76656e646f7296b402d4b402900d020a7573616765020080a8d6b907900d043330808c"
              "8d9e02900d80a8d6b907900d808c8d9e02900d809cc99b05900d");
    EXPECT_EQ(decode_statement(bytes)->lines[0].percent, Exact(30));
}

TEST(Invoices, ArePreparedReplacedAndUndone) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const auto id = store->save_prepared(sample(), {entry_of(50)}, {statement_of(sample().period)});
    ASSERT_TRUE(id) << id.error().to_string();
    EXPECT_EQ((*store->entries({7}))[0].invoice, *id);
    EXPECT_EQ((*store->billed({7}))[0].amount, dollars(2581));
    EXPECT_EQ((*store->statements(sample().period))[0].lines[0].invoice, "1");

    Invoice changed = *store->invoice(*id);
    EXPECT_EQ(changed.state, InvoiceState::prepared);
    changed.lines[0].amount = dollars(2000);
    ASSERT_TRUE(store->replace_prepared(changed, {entry_of(-50), entry_of(40)}, {}));
    EXPECT_EQ((*store->billed({7}))[0].amount, dollars(2000));
    EXPECT_TRUE(store->statements(sample().period)->empty());
    EXPECT_EQ(store->entries({7})->size(), 3u);

    ASSERT_TRUE(store->undo_prepared(*id, {entry_of(-40)}));
    EXPECT_TRUE(store->invoices()->empty());
    EXPECT_TRUE(store->billed({7})->empty());
    EXPECT_EQ(code_of_error(store->invoice(*id)), "invoice_unknown");
    EXPECT_EQ(*store->save_prepared(sample(), {}, {}), InvoiceId{2});  // an id is never given twice
    EXPECT_EQ((*store->balances())[0].atoms, 0);
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(Invoices, AreNumberedWithoutGapsAndSentOnce) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const InvoiceId first = *store->save_prepared(sample(), {}, {statement_of(sample().period)});
    const InvoiceId second = *store->save_prepared(of_february(), {}, {});
    EXPECT_EQ(store->send(second, "INV-2024-", numbered, {entry_of(9)}, tell)->number,
              "INV-2024-1");
    EXPECT_EQ(store->send(first, "INV-2024-", numbered, {entry_of(9)}, tell)->number, "INV-2024-2");
    EXPECT_EQ(store->send(second, "INV-2024-", numbered, {entry_of(9)}, tell)->number,
              "INV-2024-1");
    EXPECT_EQ(store->entries({7})->size(), 2u);  // the repetition posted nothing
    const auto rows = store->invoices();
    EXPECT_EQ((*rows)[0].number, "INV-2024-2");
    EXPECT_EQ((*rows)[0].state, InvoiceState::sent);
    EXPECT_EQ((*rows)[0].payable_atoms, narrow64(dollars(2977).atoms));
    EXPECT_EQ((*store->statements(sample().period))[0].lines[0].invoice, "INV-2024-2");
    EXPECT_TRUE(store->integrity()->empty());
}

// What one process read is old as soon as another changed a document of the payer.
TEST(Invoices, EC66_ChangeOnlyFromWhatIsCurrent) {
    const TestFolder folder;
    auto one = opened(folder.path());
    auto other = opened(folder.path());
    ASSERT_TRUE(one->invoices() && other->invoices());
    const InvoiceId id = *one->save_prepared(sample(), {entry_of(5)}, {});
    EXPECT_EQ(code_of_error(other->save_prepared(sample(), {entry_of(5)}, {})), "invoice_moved");
    EXPECT_EQ(code_of_error(other->undo_prepared(id, {})), "invoice_moved");
    EXPECT_EQ(code_of_error(other->send(id, "INV-2024-", numbered, {}, tell)), "invoice_moved");
    ASSERT_TRUE(other->invoices());
    ASSERT_TRUE(other->send(id, "INV-2024-", numbered, {entry_of(9)}, tell));
    EXPECT_EQ(code_of_error(one->undo_prepared(id, {entry_of(-5)})), "invoice_immutable");
    EXPECT_EQ(one->send(id, "INV-2024-", numbered, {entry_of(9)}, tell)->number, "INV-2024-1");
    EXPECT_EQ(one->entries({7})->size(), 2u);
    EXPECT_TRUE(one->integrity()->empty());
}

TEST(Invoices, NamesWhatANoteCorrects) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const InvoiceId id = *store->save_prepared(sample(), {}, {});
    Invoice note = sample();
    note.kind = DocumentKind::note;
    note.corrects = id;
    note.corrects_number = "INV-2024-1";
    note.by_hand = true;
    const InvoiceId made = *store->save_prepared(note, {}, {});
    EXPECT_EQ((*store->invoices())[1].corrects, id);
    EXPECT_EQ(store->invoice(made)->corrects_number, "INV-2024-1");
    EXPECT_TRUE(store->invoice(made)->by_hand);
    EXPECT_FALSE(store->save_prepared(note, {}, {}));  // one prepared note of an invoice at a time
}

TEST(Invoices, NeverChangeOnceSent) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const InvoiceId id = *store->save_prepared(sample(), {}, {statement_of(sample().period)});
    const auto sent = store->send(id, "INV-2024-", numbered, {}, tell);
    ASSERT_TRUE(sent);
    EXPECT_EQ(code_of_error(store->replace_prepared(*sent, {}, {})), "invoice_immutable");
    EXPECT_EQ(code_of_error(store->undo_prepared(id, {})), "invoice_immutable");
    for (const std::string sql :
         {"UPDATE invoice SET document = x'00'", "UPDATE invoice SET state = 1, number = NULL",
          "DELETE FROM invoice", "UPDATE invoice_line SET amount_atoms = 0",
          "DELETE FROM invoice_line", "DELETE FROM statement",
          "INSERT INTO invoice_line VALUES (1, 1, 99, 0, 0, 0, 1, 5)"}) {
        EXPECT_EQ(raw_sql(folder.path(), sql), "invoice_immutable") << sql;
    }
    EXPECT_EQ(encode_invoice(*store->invoice(id)), encode_invoice(*sent));
}

TEST(Invoices, AStatementBelongsToThePeriodOfItsFirstDay) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const DatePeriod mid{Date::of(2024, 1, 15), Date::of(2024, 2, 15)};
    ASSERT_TRUE(store->save_prepared(sample(), {}, {statement_of(mid)}));
    EXPECT_EQ(store->statements({Date::of(2024, 1, 1), Date::of(2024, 2, 1)})->size(), 1u);
    EXPECT_TRUE(store->statements({Date::of(2024, 2, 1), Date::of(2024, 3, 1)})->empty());
}

}  // namespace
}  // namespace farthing::store
