// Documents: prepared ones may be replaced or undone, sent ones stand for ever. Each change is one
// transaction with the entries it posts.
#include <fmt/format.h>

#include "base/assert.h"
#include "store/currency_code.h"
#include "store/invoice_codec.h"
#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

Result<std::int64_t> payable_atoms(const Invoice& invoice) {
    const auto atoms = narrow64(invoice.payable.atoms);
    if (!atoms)
        return fail(StoreReason::store_failed, "the payable amount does not fit in 64 bits");
    return *atoms;
}

}  // namespace

Result<SqliteStore::StoredInvoice> SqliteStore::read_invoice(InvoiceId id) {
    StoredInvoice stored;
    std::string document;
    FARTHING_CHECK(database_->select(
        "SELECT state, document FROM invoice WHERE tenant = ? AND id = ?",
        [&](const SqlStatement& row) {
            stored.state = row.integer(0);
            document = row.text(1);
        },
        kTenant, id));
    if (stored.state == 0 || stored.state == kStoredUndone) {
        return fail(StoreReason::invoice_unknown,
                    fmt::format("no invoice has the id {}", id.value));
    }
    FARTHING_TRY(stored.invoice, decode_invoice(document));
    return stored;
}

Result<Invoice> SqliteStore::invoice(InvoiceId id) {
    FARTHING_TRY(StoredInvoice stored, read_invoice(id));
    return std::move(stored.invoice);
}

Result<Invoice> SqliteStore::require_prepared(InvoiceId id) {
    FARTHING_TRY(StoredInvoice stored, read_invoice(id));
    if (stored.state == kStoredSent) {
        return fail(StoreReason::invoice_immutable,
                    "invoice " + stored.invoice.number + " was sent: it never changes");
    }
    return std::move(stored.invoice);
}

// Compare-and-set: every change of a payer's documents counts its revision up.
Result<void> SqliteStore::claim_documents(AccountId payer) {
    FARTHING_TRY(
        const std::int64_t revision,
        database_->integer("SELECT revision FROM document_revision WHERE tenant = ? AND payer = ?",
                           0, kTenant, payer));
    if (revision != document_revisions_[payer]) return fail(StoreReason::invoice_moved);
    return database_->run(
        "INSERT INTO document_revision (tenant, payer, revision) VALUES (?, ?, 1) "
        "ON CONFLICT (tenant, payer) DO UPDATE SET revision = revision + 1",
        kTenant, payer);
}

// After the commit: the next change of this process starts from its own.
Result<void> SqliteStore::commit_documents(Writing& transaction, AccountId payer) {
    FARTHING_CHECK(transaction.commit());
    document_revisions_[payer] += 1;
    return {};
}

Result<void> SqliteStore::write_lines(const Invoice& invoice) {
    FARTHING_CHECK(database_->run("DELETE FROM invoice_line WHERE tenant = ? AND invoice = ?",
                                  kTenant, invoice.id));
    for (const InvoiceLine& line : invoice.lines) {
        const auto atoms = narrow64(line.amount.atoms);
        if (!atoms)
            return fail(StoreReason::store_failed, "the amount of a line does not fit in 64 bits");
        FARTHING_CHECK(
            database_->run("INSERT INTO invoice_line (tenant, invoice, number, component, "
                           "department, cycle_first, cycle_end, "
                           "amount_atoms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           kTenant, invoice.id, line.number, line.component, line.department,
                           line.cycle.first, line.cycle.end, *atoms));
    }
    return {};
}

Result<void> SqliteStore::write_statements(InvoiceId id, const std::vector<Statement>& statements) {
    FARTHING_CHECK(
        database_->run("DELETE FROM statement WHERE tenant = ? AND invoice = ?", kTenant, id));
    for (std::size_t position = 0; position < statements.size(); ++position) {
        const Statement& statement = statements[position];
        const std::string document = encode_statement(statement);
        FARTHING_CHECK(database_->run(
            "INSERT INTO statement (tenant, invoice, position, partner, period_first, document) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            kTenant, id, position, statement.partner, statement.period.first, Blob{document}));
    }
    return {};
}

Result<InvoiceId> SqliteStore::save_prepared(const Invoice& invoice,
                                             const std::vector<Entry>& entries,
                                             const std::vector<Statement>& statements) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(claim_documents(invoice.payer));
    FARTHING_TRY(
        const std::int64_t id,
        database_->integer("SELECT max(id) + 1 FROM invoice WHERE tenant = ?", 1, kTenant));
    Invoice saved = invoice;
    saved.id = {static_cast<std::uint32_t>(id)};
    saved.state = InvoiceState::prepared;
    FARTHING_TRY(const std::int64_t payable, payable_atoms(saved));
    const std::string document = encode_invoice(saved);
    FARTHING_CHECK(database_->run(
        "INSERT INTO invoice (tenant, id, state, payer, period_first, period_end, "
        "currency, payable_atoms, corrects, document) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kTenant, saved.id, kStoredPrepared, saved.payer, saved.period.first, saved.period.end,
        code_of(saved.currency), payable, saved.corrects, Blob{document}));
    FARTHING_CHECK(write_lines(saved));
    FARTHING_CHECK(write_statements(saved.id, statements));
    std::vector<Entry> posted = entries;
    FARTHING_CHECK(write_entries(posted, {}, saved.id));
    FARTHING_CHECK(commit_documents(transaction, saved.payer));
    return saved.id;
}

Result<void> SqliteStore::replace_prepared(const Invoice& invoice,
                                           const std::vector<Entry>& entries,
                                           const std::vector<Statement>& statements) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(require_prepared(invoice.id));
    FARTHING_CHECK(claim_documents(invoice.payer));
    Invoice saved = invoice;
    saved.state = InvoiceState::prepared;
    FARTHING_TRY(const std::int64_t payable, payable_atoms(saved));
    const std::string document = encode_invoice(saved);
    FARTHING_CHECK(
        database_->run("UPDATE invoice SET payer = ?, period_first = ?, period_end = ?, currency = "
                       "?, payable_atoms = ?, document = ? "
                       "WHERE tenant = ? AND id = ?",
                       saved.payer, saved.period.first, saved.period.end, code_of(saved.currency),
                       payable, Blob{document}, kTenant, saved.id));
    FARTHING_CHECK(write_lines(saved));
    FARTHING_CHECK(write_statements(saved.id, statements));
    std::vector<Entry> posted = entries;
    FARTHING_CHECK(write_entries(posted, {}, saved.id));
    return commit_documents(transaction, saved.payer);
}

Result<void> SqliteStore::undo_prepared(InvoiceId id, const std::vector<Entry>& mirrors) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const Invoice undone, require_prepared(id));
    FARTHING_CHECK(claim_documents(undone.payer));
    FARTHING_CHECK(database_->run("UPDATE invoice SET state = ? WHERE tenant = ? AND id = ?",
                                  kStoredUndone, kTenant, id));
    FARTHING_CHECK(
        database_->run("DELETE FROM invoice_line WHERE tenant = ? AND invoice = ?", kTenant, id));
    FARTHING_CHECK(write_statements(id, {}));
    std::vector<Entry> posted = mirrors;
    FARTHING_CHECK(write_entries(posted, {}, id));
    return commit_documents(transaction, undone.payer);
}

Result<Invoice> SqliteStore::send(
    InvoiceId id, const std::string& series_prefix,
    const std::function<Invoice(Invoice, std::int64_t number)>& finish,
    const std::vector<Entry>& entries, const std::function<Notice(const Invoice&)>& tell) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(StoredInvoice stored, read_invoice(id));
    if (stored.state == kStoredSent) return std::move(stored.invoice);
    FARTHING_CHECK(claim_documents(stored.invoice.payer));
    FARTHING_CHECK(
        database_->run("INSERT INTO number_series (tenant, prefix, last) VALUES (?, ?, 1) "
                       "ON CONFLICT (tenant, prefix) DO UPDATE SET last = last + 1",
                       kTenant, series_prefix));
    FARTHING_TRY(
        const std::int64_t number,
        database_->integer("SELECT last FROM number_series WHERE tenant = ? AND prefix = ?", 0,
                           kTenant, series_prefix));
    Invoice sent = finish(std::move(stored.invoice), number);
    FARTHING_ASSERT(sent.id == id && !sent.number.empty());
    sent.state = InvoiceState::sent;
    FARTHING_TRY(const std::int64_t payable, payable_atoms(sent));
    // The lines first: with the state the database closes them.
    FARTHING_CHECK(write_lines(sent));
    const std::string document = encode_invoice(sent);
    FARTHING_CHECK(
        database_->run("UPDATE invoice SET state = ?, series = ?, series_number = ?, number = ?, "
                       "period_first = ?, period_end = ?, "
                       "payable_atoms = ?, document = ? WHERE tenant = ? AND id = ?",
                       kStoredSent, series_prefix, number, sent.number, sent.period.first,
                       sent.period.end, payable, Blob{document}, kTenant, id));
    std::vector<Entry> posted = entries;
    FARTHING_CHECK(write_entries(posted, {}, id));
    const Notice notice = tell(sent);
    FARTHING_CHECK(write_notices(std::span(&notice, 1)));
    FARTHING_CHECK(commit_documents(transaction, sent.payer));
    return sent;
}

Result<std::vector<Store::InvoiceRow>> SqliteStore::invoices() {
    std::vector<InvoiceRow> rows;
    // Before the documents: what changes between the two reads is then noticed.
    document_revisions_.clear();
    FARTHING_CHECK(database_->select(
        "SELECT payer, revision FROM document_revision WHERE tenant = ?",
        [&](const SqlStatement& row) {
            document_revisions_[{row.as<std::uint32_t>(0)}] = row.integer(1);
        },
        kTenant));
    FARTHING_CHECK(database_->select(
        "SELECT id, state, coalesce(number, ''), payer, period_first, period_end, currency, "
        "payable_atoms, corrects FROM invoice "
        "WHERE tenant = ? AND state <> ? ORDER BY id",
        [&](const SqlStatement& row) {
            rows.push_back(
                {{row.as<std::uint32_t>(0)},
                 row.integer(1) == kStoredSent ? InvoiceState::sent : InvoiceState::prepared,
                 row.text(2),
                 {row.as<std::uint32_t>(3)},
                 {row.date(4), row.date(5)},
                 currency_of(row.text(6)),
                 row.integer(7),
                 {row.as<std::uint32_t>(8)}});
        },
        kTenant, kStoredUndone));
    return rows;
}

// A statement belongs to the period that holds its first day, so that consecutive periods share
// none and miss none.
Result<std::vector<Statement>> SqliteStore::statements(DatePeriod period) {
    std::vector<Statement> found;
    std::optional<Error> damaged;
    FARTHING_CHECK(database_->select(
        "SELECT statement.document, coalesce(invoice.number, ''), invoice.id FROM statement JOIN "
        "invoice ON "
        "invoice.tenant = statement.tenant AND invoice.id = statement.invoice WHERE "
        "statement.tenant = ? AND "
        "statement.period_first >= ? AND statement.period_first < ? ORDER BY statement.invoice, "
        "statement.position",
        [&](const SqlStatement& row) {
            auto statement = decode_statement(row.text(0));
            if (!statement) {
                damaged = statement.error();
                return;
            }
            for (StatementLine& line : statement->lines) {
                if (!row.text(1).empty()) line.invoice = row.text(1);
                if (line.invoice.empty()) line.invoice = std::to_string(row.integer(2));
            }
            found.push_back(*std::move(statement));
        },
        kTenant, period.first, period.end));
    if (damaged) return fail(*damaged);
    return found;
}

Result<std::vector<BilledAmount>> SqliteStore::billed(AccountId payer) {
    std::vector<BilledAmount> amounts;
    FARTHING_CHECK(database_->select(
        "SELECT invoice.id, component, department, cycle_first, cycle_end, amount_atoms, currency "
        "FROM invoice "
        "JOIN invoice_line ON invoice_line.tenant = invoice.tenant AND invoice_line.invoice = "
        "invoice.id "
        "WHERE invoice.tenant = ? AND payer = ? ORDER BY invoice.id, invoice_line.number",
        [&](const SqlStatement& row) {
            amounts.push_back({{row.as<std::uint32_t>(0)},
                               {row.as<std::uint32_t>(1)},
                               {row.as<std::uint32_t>(2)},
                               {row.date(3), row.date(4)},
                               {row.integer(5), currency_of(row.text(6))}});
        },
        kTenant, payer));
    return amounts;
}

}  // namespace farthing::store
