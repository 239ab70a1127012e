#include <gtest/gtest.h>

#include "catalog/test_catalogs.h"
#include "catalog/yaml_reader.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

const std::filesystem::path kReference =
    std::filesystem::path(FARTHING_SOURCE_DIR) / "docs" / "reference";

struct Block {
    std::string info;  // "yaml catalog", "csv world.csv"
    std::string text;
};

std::vector<Block> blocks_of(const std::string& markdown) {
    std::vector<Block> blocks;
    std::istringstream lines(markdown);
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) {
            inside = !inside;
            if (inside) blocks.push_back({line.substr(3), {}});
        } else if (inside) {
            blocks.back().text += line + "\n";
        }
    }
    return blocks;
}

TEST(Manual, EveryWholeCatalogCompiles) {
    const auto blocks = blocks_of(text_of(kReference / "catalog.md"));
    std::vector<CatalogFile> files = {{"catalog.yaml", {}}};
    for (const Block& block : blocks) {
        if (block.info.starts_with("csv ")) files.push_back({block.info.substr(4), block.text});
    }
    int catalogs = 0;
    for (const Block& block : blocks) {
        if (block.info != "yaml catalog") continue;
        files[0].text = block.text;
        const auto compiled = compile_files(files);
        EXPECT_TRUE(compiled) << told(compiled);
        catalogs += 1;
    }
    EXPECT_GE(catalogs, 4);
}

// Whether the schema lets every key of `node` through.
void expect_accepted(const Node& root, const Node& schema, const Node& node,
                     const std::string& path) {
    if (const Field* reference = schema.field("$ref")) {
        const std::string name = reference->value.text.substr(std::string("#/$defs/").size());
        const Field* definition = root.field("$defs")->value.field(name);
        ASSERT_NE(definition, nullptr) << name;
        return expect_accepted(root, definition->value, node, path);
    }
    if (node.kind == Node::Kind::list) {
        ASSERT_NE(schema.field("items"), nullptr) << path;
        for (const Node& item : node.items)
            expect_accepted(root, schema.field("items")->value, item, path);
    }
    for (const Field& field : node.fields) {
        const Field* properties = schema.field("properties");
        const Field* more = schema.field("additionalProperties");
        const Field* known = properties == nullptr ? nullptr : properties->value.field(field.name);
        if (known == nullptr && more != nullptr && more->value.kind == Node::Kind::map)
            known = more;
        ASSERT_NE(known, nullptr) << path << "/" << field.name;
        expect_accepted(root, known->value, field.value, path + "/" + field.name);
    }
}

TEST(Schema, IsTheOneInTheManualAndAcceptsTheExamples) {
    const std::string schema = json_schema();
    EXPECT_EQ(text_of(kReference / "catalog.schema.json"), schema);
    Mistakes mistakes;
    const Node root = read_yaml("schema", schema, mistakes);  // JSON is YAML
    EXPECT_TRUE(mistakes.empty());
    for (const char* name : {"smart-city", "multiline", "sim-pool"}) {
        const std::string text = folder(name).at(0).text;
        const Node example = read_yaml(name, text, mistakes);
        ASSERT_EQ(example.kind, Node::Kind::map);
        expect_accepted(root, root, example, name);
    }
    EXPECT_EQ(schema.find("per_member_cap"), std::string::npos);  // what is refused isn't offered
}

TEST(PriceList, IsWhatACustomerCouldRead) {
    const auto compiled = compile_files(folder("sim-pool"));
    ASSERT_TRUE(compiled) << told(compiled);
    const std::string text = price_list(**compiled);
    for (const char* line :
         {"# sim-pool\n\nPrices in EUR from 2026-01-01; no tax is added.\n", "## Pooled 50 MB\n",
          "| Package of 50 MB | 2.00 per SIM and month, in advance |\n",
          "| Data | included: 50 MB per subscription, shared by the account; then 0.05 per MB |\n",
          "| Data in the EU | 0.10 per MB up to 100 MB, then 0.05 per MB up to 500 MB, then 0.02 "
          "per MB; "
          "counted in steps of 1 kB |\n",
          "| 10 % off data in the EU | 10 % on Data in the EU |\n", "## Prices: roaming\n",
          "| United Kingdom (Vodafone) (234-15) | 0.10 per MB |\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << "\nin\n" << text;
    }
}

std::string differences(const std::string& before, const std::string& after,
                        const std::string& deck = {}, const std::string& new_deck = {}) {
    const auto old = compile_text(before, deck);
    const auto now = compile_text(after, new_deck);
    EXPECT_TRUE(old) << told(old);
    EXPECT_TRUE(now) << told(now);
    std::string text;
    for (const Difference& difference : diff(**old, **now))
        text += std::string(1, difference.sign) + " " + difference.text + "\n";
    return text;
}

TEST(Diff, TellsWhatChangesForSomebody) {
    const std::string before = around(
        "      - {fee: base, amount: 2.00, per: subscription month}\n"
        "      - {usage: data, price: 0.05 per MB}\n"
        "      - {usage: sms, price: 1 per message}\n");
    EXPECT_EQ(differences(before, before), "");
    const std::string after = around(
        "      - {fee: base, amount: 2.50, per: subscription month, in: advance}\n"
        "      - {usage: data, allowance: {quantity: 1 GB per pool, shared_by: group}, price: "
        "0.050 per MB}\n"
        "      - {usage: voice, price: 1 per minute}\n",
        "    discounts: [{percent: 10, on: data}]\n");
    EXPECT_EQ(
        differences(before, after),
        "~ plan p, fee base: 2.00 per subscription and month → 2.50 per subscription and month\n"
        "~ plan p, fee base, charged: in arrears → in advance\n"
        "~ plan p, usage data, included: nothing → 1 GB per pool, shared by the group\n"
        "+ plan p, usage voice: 1 per minute\n"
        "- plan p, usage sms\n"
        "+ plan p, discount on data: 10 % on data\n");
}

TEST(Diff, ComparesDecksRowByRow) {
    const std::string yaml =
        around("      - {usage: voice, deck: d}\n", "decks: {d: {file: deck.csv}}\n");
    EXPECT_EQ(differences(yaml, yaml, "prefix,price\n44,1\n45,1\n47,1\n",
                          "prefix,price\n44,2\n46,1\n47,1.0\n"),
              "~ prices d, 44: 1 per minute → 2 per minute (+100 %)\n"
              "- prices d, 45: 1 per minute\n"
              "+ prices d, 46: 1 per minute\n");
}

}  // namespace
}  // namespace farthing::catalog
