// A city that is charged in windows: one account with some lamps, and an engine that can be opened
// again. For tests of this room.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "engine/engine.h"

namespace farthing::engine::testing {

class City {
  public:
    static constexpr int kLamps = 5;  // "L-0" and so on, of the plans lamp and pooled in turn

    City(const std::string& name, const std::string& catalog, const std::string& feed)
        : folder_(std::filesystem::temp_directory_path() /
                  ("farthing-windows-" + name + "-" + std::to_string(::getpid()))) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        open();
        EXPECT_TRUE(engine->publish({{"catalog.yaml", catalog}}, std::nullopt));
        const auto added = engine->add_feed("lamps.yaml", feed);
        EXPECT_TRUE(added) << added.error().front().to_string();
        AccountChange account;
        account.name = "city";
        EXPECT_TRUE(engine->apply(account));
        for (int i = 0; i < kLamps; ++i)
            subscribe("L-" + std::to_string(i), i % 2 == 0 ? "lamp" : "pooled");
    }
    void subscribe(const std::string& name, const std::string& plan) {
        SubscriptionChange change;
        change.name = name;
        change.account = "city";
        change.plan = plan;
        change.from = Date::of(2026, 1, 1);
        change.identities = {{IdentityKind::device, name}};
        EXPECT_TRUE(engine->apply(std::span(&change, 1)));
    }
    ~City() {
        engine.reset();
        std::filesystem::remove_all(folder_);
    }
    void open() {
        engine.reset();
        engine = *Engine::open(folder_ / "data",
                               Clock{[] { return *parse_rfc3339("2026-06-03T00:00:00Z"); }});
    }
    // The records of a file of its own, with their header.
    Report import(const std::string& text) {
        const auto path = folder_ / ("f" + std::to_string(++files_) + ".csv");
        std::ofstream(path) << text;
        const auto report = engine->import_files("lamps", std::span(&path, 1));
        EXPECT_TRUE(report) << report.error().to_string();
        return report ? *report : Report();
    }
    std::string totals() {
        std::string text;
        const auto balances = engine->balances();
        for (const auto& balance : *balances) {
            if (balance.amount.atoms != 0)
                text += balance.account + " " + balance.amount.to_string() + "\n";
        }
        const auto invoice = engine->preview_invoice(Date::of(2026, 6, 15), "city");
        if (!invoice) return text + invoice.error().to_string();
        for (const InvoiceLine& line : invoice->lines)
            text +=
                line.text + " " + line.quantity.to_decimal() + " " + line.exact.to_decimal() + "\n";
        return text;
    }
    void expect_sound() {
        const auto lines = engine->check("all");
        ASSERT_TRUE(lines) << lines.error().to_string();
        for (const CheckLine& line : *lines) EXPECT_TRUE(line.ok) << line.name << " " << line.text;
    }
    int files() const { return files_; }
    const std::filesystem::path& folder() const { return folder_; }
    std::unique_ptr<Engine> engine;

  private:
    std::filesystem::path folder_;
    int files_ = 0;
};

}  // namespace farthing::engine::testing
