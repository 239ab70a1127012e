// Catalogs for tests: from text, from the folders of examples.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "catalog/catalog.h"

namespace farthing::catalog::testing {

using Compiled = std::expected<std::shared_ptr<const Version>, Errors>;

inline std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

inline Compiled compile_files(std::vector<CatalogFile> files, Instant valid_from = Instant::min()) {
    NameTable names;
    return compile({.version = {1},
                    .name = {},
                    .valid_from = valid_from,
                    .hash = "h",
                    .files = std::move(files)},
                   names);
}
inline Compiled compile_text(std::string yaml, std::string deck = {}) {
    std::vector<CatalogFile> files = {{"catalog.yaml", std::move(yaml)}};
    if (!deck.empty()) files.push_back({"deck.csv", std::move(deck)});
    return compile_files(std::move(files));
}
inline std::vector<CatalogFile> folder(const std::string& name) {
    const auto root = std::filesystem::path(FARTHING_SOURCE_DIR) / "catalogs" / name;
    std::vector<CatalogFile> files;
    for (const auto& entry : std::filesystem::directory_iterator(root)) {
        if (!entry.is_regular_file()) continue;
        files.push_back({entry.path().filename().string(), text_of(entry.path())});
    }
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return files;
}
inline std::string told(const Compiled& compiled) {
    std::string text;
    if (compiled) return "compiles";
    for (const Error& error : compiled.error()) text += error.to_string() + "\n";
    return text;
}

// A whole catalog around the charges of one plan, each line indented by six spaces. The first
// charge is on line 10.
inline std::string around(const std::string& charges, const std::string& more = {}) {
    return "catalog: test\n"
           "currency: EUR\n"
           "time_zone: Europe/Tallinn\n"
           "meters: {data: {unit: byte}, voice: {unit: second}, sms: {unit: message}}\n"
           "zones: {eu: {networks: [\"248\", \"262\"]}, ee: {networks: [\"248\"]}, north: "
           "{networks: [\"248\", \"244\"]}}\n"
           "partners: {vendor: {title: Vendor}}\n"
           "plans:\n"
           "  - plan: p\n"
           "    charges:\n" +
           charges + more;
}

}  // namespace farthing::catalog::testing
