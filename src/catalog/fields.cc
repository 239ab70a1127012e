#include "catalog/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kNameBytesMax = 80;

bool has_control(std::string_view text, bool lines_allowed) {
    return std::any_of(text.begin(), text.end(), [&](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && !(lines_allowed && c == '\n')) || byte == 0x7F;
    });
}

std::vector<std::string_view> names_of(const Table& table) {
    std::vector<std::string_view> names;
    for (const Key& key : table.keys) {
        if (key.not_yet.empty()) names.push_back(key.name);
    }
    return names;
}

const Key* key_of(const Table& table, std::string_view name) {
    const auto found = std::find_if(table.keys.begin(), table.keys.end(),
                                    [&](const Key& k) { return k.name == name; });
    return found == table.keys.end() ? nullptr : &*found;
}

void check_key(const Field& field, const Table& table, Mistakes& mistakes) {
    const Key* key = key_of(table, field.name);
    if (key == nullptr) {
        mistakes.add(CatalogReason::unknown_key, field.place,
                     fmt::format("{} has no key {}", table.what, shown(field.name)),
                     suggestion(field.name, names_of(table)));
    } else if (!key->not_yet.empty()) {
        mistakes.add(CatalogReason::not_supported, field.place,
                     fmt::format("{} is not priced by this release", shown(field.name)),
                     std::string(key->not_yet));
    } else if (field.value.kind == Node::Kind::null) {
        mistakes.add(CatalogReason::bad_value, field.place,
                     fmt::format("{} has no value", shown(field.name)),
                     "Write a value after the colon, or take the key out.");
    }
}

std::string_view word_at(std::string_view choices, std::size_t index) {
    for (; index > 0; --index) choices.remove_prefix(choices.find('|') + 1);
    return choices.substr(0, choices.find('|'));
}

}  // namespace

std::string shown(std::string_view text) {
    return "`" + printable(text) + "`";
}

Fields::Fields(const Node& node, const Table& table, Mistakes& mistakes)
    : node_(node), table_(table), mistakes_(mistakes) {
    if (node.kind != Node::Kind::map) {
        mistakes.add(CatalogReason::bad_value, node.place,
                     fmt::format("{} must be a map of keys and values", table.what),
                     fmt::format("Write `{}: …` and so on.", table.keys.front().name));
        return;
    }
    for (const Field& field : node.fields) check_key(field, table, mistakes);
    for (const Key& key : table.keys) {
        if (!key.required || node.field(key.name) != nullptr) continue;
        mistakes.add(CatalogReason::missing_key, node.place,
                     fmt::format("{} needs the key {}", table.what, shown(key.name)),
                     std::string(key.about));
    }
}

const Key& Fields::known(std::string_view key) const {
    const Key* found = key_of(table_, key);
    FARTHING_ASSERT(found != nullptr && found->not_yet.empty());
    return *found;
}

const Node* Fields::find(std::string_view key) const {
    const Field* field = node_.field(known(key).name);
    return field == nullptr || field->value.kind == Node::Kind::null ? nullptr : &field->value;
}

std::string Fields::text(std::string_view key) const {
    const Node* node = find(key);
    return node == nullptr ? std::string() : one_line(*node, key, mistakes_).value_or("");
}

std::string Fields::long_text(std::string_view key) const {
    const Node* node = find(key);
    if (node == nullptr) return {};
    if (node->kind != Node::Kind::scalar || has_control(node->text, true)) {
        mistakes_.add(CatalogReason::bad_value, node->place,
                      fmt::format("{} must be text", shown(key)));
        return {};
    }
    return node->text;
}

std::size_t Fields::choice(std::string_view key, std::size_t fallback) const {
    const Node* node = find(key);
    if (node == nullptr) return fallback;
    const std::string_view choices = known(key).detail;
    const auto count =
        static_cast<std::size_t>(std::count(choices.begin(), choices.end(), '|')) + 1;
    for (std::size_t i = 0; i < count; ++i) {
        if (node->kind == Node::Kind::scalar && node->text == word_at(choices, i)) return i;
    }
    std::string words;
    for (std::size_t i = 0; i < count; ++i) {
        words += (i == 0 ? "" : i + 1 == count ? " or " : ", ") + shown(word_at(choices, i));
    }
    mistakes_.add(CatalogReason::bad_value, node->place,
                  fmt::format("{} is {}", shown(key), shown(node->text)),
                  fmt::format("Write {}.", words));
    return fallback;
}

const std::vector<Node>& Fields::list(std::string_view key) const {
    static const std::vector<Node> kNone;
    const Node* node = find(key);
    if (node == nullptr) return kNone;
    if (node->kind == Node::Kind::list) return node->items;
    mistakes_.add(CatalogReason::bad_value, node->place,
                  fmt::format("{} must be a list", shown(key)),
                  "Begin each item with `- `, or write [first, second].");
    return kNone;
}

Place Fields::place_of(std::string_view key) const {
    const Field* field = node_.field(known(key).name);
    return field == nullptr ? node_.place : field->value.place;
}

std::optional<std::string> one_line(const Node& node, std::string_view what, Mistakes& mistakes) {
    if (node.kind == Node::Kind::scalar && !has_control(node.text, false)) return node.text;
    mistakes.add(CatalogReason::bad_value, node.place,
                 fmt::format("{} must be one line of text", shown(what)));
    return std::nullopt;
}

bool check_name(std::string_view name, std::string_view what, const Place& place,
                Mistakes& mistakes) {
    const bool good = !name.empty() && name.size() <= kNameBytesMax && name.front() != ' ' &&
                      name.back() != ' ' && name.find('/') == std::string_view::npos &&
                      !has_control(name, false);
    if (good) return true;
    mistakes.add(CatalogReason::bad_value, place,
                 fmt::format("{} can't be the name of {}", shown(name), what),
                 fmt::format("A name has 1 to {} characters and no slash.", kNameBytesMax));
    return false;
}

std::optional<std::string> read_name(const Node& node, std::string_view what, Mistakes& mistakes) {
    auto name = one_line(node, what, mistakes);
    if (!name || !check_name(*name, what, node.place, mistakes)) return std::nullopt;
    return name;
}

}  // namespace farthing::catalog
