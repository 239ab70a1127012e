#include <fmt/format.h>

#include "base/json.h"
#include "catalog/catalog.h"
#include "catalog/vocabulary.h"

namespace farthing::catalog {

namespace {

constexpr std::string_view kDecimalPattern = "^[0-9]+(\\.[0-9]+)?$";
constexpr std::string_view kDatePattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
constexpr std::string_view kUnitPricePattern = "^[0-9]+(\\.[0-9]+)? +per +.+$";
constexpr std::string_view kNamePattern = "^[^/]{1,80}$";

std::string reference(std::string_view table_name) {
    return fmt::format("#/$defs/{}", table_name);
}

// YAML's editors read 0.10 and 248 as numbers, so both are let through; the compiler reads them as
// written.
void write_scalar(JsonWriter& json, std::string_view pattern) {
    json.key("type").begin_array().value("string").value("number").end_array();
    if (!pattern.empty()) json.field("pattern", pattern);
}

void write_choice(JsonWriter& json, std::string_view words) {
    json.key("enum").begin_array();
    while (!words.empty()) {
        const std::size_t bar = words.find('|');
        json.value(words.substr(0, bar));
        words.remove_prefix(bar == words.npos ? words.size() : bar + 1);
    }
    json.end_array();
}

void write_list(JsonWriter& json) {
    json.field("type", "array").key("items").begin_object();
    write_scalar(json, {});
    json.end_object();
}

void write_limits(JsonWriter& json) {
    json.field("type", "object").key("properties").begin_object();
    json.key("networks").begin_object();
    write_list(json);
    json.end_object().end_object();
    json.key("additionalProperties").begin_object();
    write_scalar(json, {});
    json.end_object();
}

void write_shape(JsonWriter& json, const Key& key) {
    switch (key.shape) {
        case Shape::text:
        case Shape::quantity: return write_scalar(json, {});
        case Shape::name: return write_scalar(json, kNamePattern);
        case Shape::date: return write_scalar(json, kDatePattern);
        case Shape::decimal: return write_scalar(json, kDecimalPattern);
        case Shape::unit_price: return write_scalar(json, kUnitPricePattern);
        case Shape::flag: json.field("type", "boolean"); return;
        case Shape::choice: return write_choice(json, key.detail);
        case Shape::limits: return write_limits(json);
        case Shape::networks:
        case Shape::texts: return write_list(json);
        case Shape::object: json.field("$ref", reference(key.detail)); return;
        case Shape::objects:
            json.field("type", "array").key("items").begin_object();
            json.field("$ref", reference(key.detail)).end_object();
            return;
        case Shape::named_objects:
            json.field("type", "object").key("additionalProperties").begin_object();
            json.field("$ref", reference(key.detail)).end_object();
            return;
    }
}

// Keys that this release refuses are left out: an editor then marks them as the compiler does.
void write_table(JsonWriter& json, const Table& table) {
    json.field("type", "object");
    json.key("properties").begin_object();
    for (const Key& key : table.keys) {
        if (!key.not_yet.empty()) continue;
        json.key(key.name).begin_object().field("description", key.about);
        write_shape(json, key);
        json.end_object();
    }
    json.end_object();
    json.key("required").begin_array();
    for (const Key& key : table.keys) {
        if (key.required) json.value(key.name);
    }
    json.end_array();
    json.field("additionalProperties", false);
}

}  // namespace

std::string json_schema() {
    JsonWriter json;
    json.begin_object();
    json.field("$schema", "https://json-schema.org/draft/2020-12/schema");
    json.field("title", "Farthing catalog");
    write_table(json, table("catalog"));
    json.key("$defs").begin_object();
    for (const Table& table : tables()) {
        if (table.name == "catalog") continue;
        json.key(table.name).begin_object();
        write_table(json, table);
        json.end_object();
    }
    json.end_object();
    json.end_object();
    return json.text() + "\n";
}

}  // namespace farthing::catalog
