#include <fmt/format.h>

#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/deck_import.h"
#include "catalog/reading.h"

namespace farthing::catalog {

namespace {

constexpr std::string_view kMainFile = "catalog.yaml";

bool is_yaml(std::string_view path) {
    const bool in_folder = path.find('/') == path.npos;  // deeper folders hold feeds and scenarios
    return in_folder && (path.ends_with(".yaml") || path.ends_with(".yml"));
}

// The catalog's own files: the main one first, then the others by name.
std::vector<const CatalogFile*> yaml_files(const CatalogRecord& record) {
    std::vector<const CatalogFile*> files;
    for (const CatalogFile& file : record.files) {
        if (is_yaml(file.path)) files.push_back(&file);
    }
    std::sort(files.begin(), files.end(), [](const CatalogFile* a, const CatalogFile* b) {
        const bool a_main = a->path == kMainFile;
        const bool b_main = b->path == kMainFile;
        return a_main != b_main ? a_main : a->path < b->path;
    });
    return files;
}

void merge_field(Node& root, Field field, Mistakes& mistakes) {
    const auto known = std::find_if(root.fields.begin(), root.fields.end(),
                                    [&](const Field& f) { return f.name == field.name; });
    if (known == root.fields.end()) {
        root.fields.push_back(std::move(field));
        return;
    }
    const auto tell = [&](const Field& again, const Field& first) {
        mistakes.add(CatalogReason::duplicate_key, again.place,
                     fmt::format("{} stands in two files, first at {}", shown(again.name),
                                 first.place.to_string()),
                     "Say it in one of the files.");
    };
    const Shape shape = [&] {
        for (const Key& key : table("catalog").keys) {
            if (key.name == field.name) return key.shape;
        }
        return Shape::text;
    }();
    Node& into = known->value;
    Node& from = field.value;
    if (shape == Shape::objects && into.kind == Node::Kind::list && from.kind == Node::Kind::list) {
        std::move(from.items.begin(), from.items.end(), std::back_inserter(into.items));
    } else if (shape == Shape::named_objects && into.kind == Node::Kind::map &&
               from.kind == Node::Kind::map) {
        for (Field& entry : from.fields) {
            if (const Field* first = into.field(entry.name)) {
                tell(entry, *first);
            } else {
                into.fields.push_back(std::move(entry));
            }
        }
    } else {
        tell(field, *known);
    }
}

// One tree of all files, top-level key by top-level key.
Node read_root(const CatalogRecord& record, Mistakes& mistakes) {
    Node root;
    for (const CatalogFile* file : yaml_files(record)) {
        const std::size_t before = mistakes.count();
        Node tree = read_yaml(file->path, file->text, mistakes);
        if (mistakes.count() != before) continue;
        if (tree.kind != Node::Kind::map) {
            mistakes.add(CatalogReason::syntax, {file->path, 1, 1}, "the file holds no keys",
                         "Write `catalog: NAME` and so on, or take the file out.");
            continue;
        }
        if (root.kind == Node::Kind::null) {
            root = std::move(tree);
            continue;
        }
        for (Field& field : tree.fields) merge_field(root, std::move(field), mistakes);
    }
    if (root.kind == Node::Kind::null && mistakes.empty()) {
        mistakes.add(CatalogReason::file_missing, {kMainFile, 0, 0}, "the folder holds no catalog",
                     "Write a file catalog.yaml; docs/reference/catalog.md shows how.");
    }
    return root;
}

// Where a file of a deck may stand, so that the catalog is read with it.
bool is_deck_path(std::string_view path) {
    std::string_view name = path;
    if (name.starts_with("decks/")) name.remove_prefix(6);
    return name.ends_with(".csv") && name.size() > 4 && !name.starts_with('.') &&
           name.find_first_of("/\\") == name.npos;
}

// What a sponsor pays for costs the customer nothing, and a limit has no price.
void note_capped(Version& version) {
    for (std::uint32_t i = 0; i < version.plans.size(); ++i) {
        if (!version.plans[i].spending_cap) continue;
        for (const UsageCharge& charge : version.plans[i].charges) {
            if (!charge.limit && charge.paid_by.empty()) version.capped[charge.id] = i;
        }
    }
}

}  // namespace

std::expected<std::string, Error> deck_file(const CatalogRecord& record, std::string_view deck) {
    Mistakes mistakes;
    const Node root = read_root(record, mistakes);
    if (!mistakes.empty()) return std::unexpected(mistakes.take().front());
    const Field* decks = root.field("decks");
    const Field* declared = decks == nullptr ? nullptr : decks->value.field(deck);
    if (declared == nullptr)
        return fail(DeckReason::deck_undeclared, "the catalog has no deck " + shown(deck));
    const Field* file = declared->value.field("file");
    if (file == nullptr) return fail(DeckReason::deck_of_files, {}, declared->place.to_string());
    if (!is_deck_path(file->value.text)) {
        return fail(DeckReason::deck_outside, shown(file->value.text) + " is no file of a deck",
                    file->place.to_string());
    }
    return file->value.text;
}

std::expected<std::shared_ptr<const Version>, Errors> compile(const CatalogRecord& record,
                                                              NameTable& names) {
    Mistakes mistakes;
    const Node root = read_root(record, mistakes);
    if (!mistakes.empty()) return std::unexpected(mistakes.take());
    auto version = std::make_shared<Version>();
    version->number = record.version;
    version->hash = record.hash;
    NameTable given = names;  // a refused catalog uses up no ids
    Reading reading{record, root, mistakes, given, *version, {}, {}, {}};
    const Fields catalog(root, table("catalog"), mistakes);
    read_head(reading, catalog);
    read_meters(reading, catalog);
    read_nouns(reading, catalog);
    read_exchange_rates(reading, catalog);
    read_times(reading, catalog);
    read_plans(reading, catalog);
    read_carriers(reading, catalog);
    read_special_prices(reading, catalog);
    read_rate_files(reading, catalog);
    derive_rates(reading);
    note_capped(*version);
    if (!mistakes.empty()) return std::unexpected(mistakes.take());
    names = std::move(given);
    return version;
}

}  // namespace farthing::catalog
