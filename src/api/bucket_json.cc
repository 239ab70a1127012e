#include "api/bucket_json.h"

#include "api/fields.h"
#include "api/problem.h"
#include "base/utf8.h"

namespace farthing::api {

Result<OwnerKind> owner_kind_of(const std::string& text) {
    if (text.empty() || text == "subscription") return OwnerKind::subscription;
    if (text == "group") return OwnerKind::group;
    if (text == "account") return OwnerKind::account;
    return malformed("an owner is a subscription, group or account, not \"" + printable(text) +
                     "\"");
}

Result<engine::BucketOrder> read_bucket_order(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    engine::BucketOrder order;
    FARTHING_TRY(order.package, fields.text("package"));
    if (order.package.empty()) return fields.wrong("package", "is needed");
    FARTHING_TRY(order.owner, fields.text("owner"));
    FARTHING_TRY(const std::string kind, fields.text("owner_kind"));
    if (kind.empty() && order.owner.empty()) order.owner_kind = OwnerKind::account;
    if (!kind.empty()) {
        FARTHING_TRY(order.owner_kind, owner_kind_of(kind));
    }
    FARTHING_TRY(order.reference, fields.text("reference"));
    FARTHING_TRY(order.given, fields.flag("given"));
    FARTHING_TRY(const std::string from, fields.text("from"));
    if (from.empty()) return order;
    order.from = parse_date(from);
    if (!order.from) return fields.wrong("from", "is no day: \"" + printable(from) + "\"");
    return order;
}

void write_bucket(const engine::BucketRow& row, JsonWriter& json) {
    json.begin_object()
        .field("id", row.id)
        .field("owner", row.owner)
        .field("package", row.package)
        .field("quantity", row.quantity)
        .field("rolled_over", row.rolled_over)
        .field("covered", row.covered)
        .field("remaining", row.remaining)
        .field("remaining_units", row.remaining_units)
        .field("unit", row.unit)
        .field("from", to_string(row.from))
        .field("last_day", to_string(row.last))
        .field("state", row.state)
        .field("price", row.price.to_string())
        .field("currency", row.price.currency.code())
        .end_object();
}

std::string write_bucket(const engine::BucketRow& row) {
    JsonWriter json(false);
    write_bucket(row, json);
    return json.text();
}

std::string write_buckets(std::span<const engine::BucketRow> rows) {
    JsonWriter json(false);
    json.begin_object().key("buckets").begin_array();
    for (const engine::BucketRow& row : rows) write_bucket(row, json);
    return json.end_array().end_object().text();
}

}  // namespace farthing::api
