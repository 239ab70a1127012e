#include "store/schema.h"

#include <span>
#include <string_view>

#include "model/outcome.h"
#include "store/schema_steps.h"
#include "store/schema_tables.h"

namespace farthing::store {

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

std::string join(std::string_view before, std::string_view between) {
    std::string text;
    for (const std::string_view column : kOutcomeNames) {
        if (!text.empty()) text += between;
        text += std::string(column) + std::string(before);
    }
    return text;
}

std::string for_sqlite(std::string text) {
    replace_all(text, "BIGINT", "INTEGER");
    replace_all(text, "BYTEA", "BLOB");
    replace_all(text, "{small}", "STRICT, WITHOUT ROWID");
    replace_all(text, "{large}", "STRICT");
    return text;
}

std::string trigger(std::string_view name, std::string_view event, std::string_view when,
                    std::string_view reason) {
    std::string text = "CREATE TRIGGER " + std::string(name) + " BEFORE " + std::string(event);
    if (!when.empty()) text += " WHEN " + std::string(when);
    return text + " BEGIN SELECT RAISE(ABORT, '" + std::string(reason) + "'); END;\n";
}

std::string append_only_triggers(std::span<const std::string_view> tables) {
    std::string text;
    for (const std::string_view table : tables) {
        for (const std::string_view event : {"UPDATE", "DELETE"}) {
            const std::string name = std::string(table) + "_no_" + std::string(event);
            text += trigger(name, std::string(event) + " ON " + std::string(table), "",
                            "history_immutable");
        }
    }
    return text;
}

// A sent document keeps its row, its lines and its statements as they are.
std::string invoice_triggers() {
    std::string text =
        trigger("invoice_no_UPDATE", "UPDATE ON invoice", "OLD.state = 2", "invoice_immutable") +
        trigger("invoice_no_DELETE", "DELETE ON invoice", "", "invoice_immutable");
    for (const std::string table : {"invoice_line", "statement"}) {
        for (const std::string event : {"INSERT", "UPDATE", "DELETE"}) {
            const std::string row = event == "INSERT" ? "NEW" : "OLD";
            text += trigger(table + "_no_" + event, event + " ON " + table,
                            "(SELECT state FROM invoice WHERE tenant = " + row +
                                ".tenant AND id = " + row + ".invoice) = 2",
                            "invoice_immutable");
        }
    }
    return text;
}

std::string with_outcomes(std::string text) {
    replace_all(text, "{outcomes}", join(" INTEGER NOT NULL", ", "));
    replace_all(text, "{sum}", join("", " + "));
    replace_all(text, "{positive}", join(" >= 0", " AND "));
    return text;
}

}  // namespace

std::string schema_sql() {
    const std::string text = with_outcomes(for_sqlite(std::string(kTables)));
    return text + append_only_triggers(kAppendOnly) + invoice_triggers() + upgrade_sql(1);
}

std::string upgrade_sql(std::int64_t version) {
    std::string text;
    for (const SchemaStep& step : kSchemaSteps) {
        if (step.version <= version) continue;
        text += with_outcomes(for_sqlite(std::string(step.tables)));
        text += append_only_triggers(step.append_only);
        for (const SchemaGuard& guard : step.guards)
            text += trigger(guard.name, guard.event, guard.when, "history_immutable");
    }
    return text + std::string(kSpread);
}

}  // namespace farthing::store
