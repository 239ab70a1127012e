// The demonstrations: stories with invented data, told by the engine. Every figure they print comes
// from it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/session.h"

namespace farthing::cli {

// A story's folder, remade on each run, with a data folder and a clock that the story moves.
class Demo {
  public:
    // Finds the example catalogs and makes DIR/NAME anew.
    static Result<std::unique_ptr<Demo>> begin(Context& context, std::string_view name);

    engine::Engine& engine() { return *engine_; }
    const std::filesystem::path& folder() const { return folder_; }
    // The catalog's folder, with sample directories and usage beside it.
    std::filesystem::path samples() const { return share_ / "catalogs" / name_; }
    std::filesystem::path home() const { return folder_ / "data"; }
    void set_clock(Date day) {
        now_ = {(std::int64_t{day.days} * 86'400 + 43'200) * kMicrosPerSecond};
    }

    Result<void> publish_catalog();
    Result<void> add_feed(std::string_view feed);  // of catalogs/feeds
    Result<void> add_feed_file(const std::filesystem::path& path);
    Result<void> import_directory(const std::filesystem::path& accounts,
                                  const std::filesystem::path& subscriptions);

    // " name        text".
    void tell(std::string_view name, const std::string& text);
    void tell_report(std::string_view name, const engine::Report& report);
    void tell_invoice(const Invoice& invoice);
    // Runs all checks; false when one fails.
    Result<bool> tell_checks();
    Result<std::filesystem::path> write_pdf(const Invoice& invoice);
    void tell_next(const std::vector<std::string>& commands);
    Result<Invoice> bill_and_send(Date day, const std::string& payer);

  private:
    explicit Demo(Context& context) : context_(context) {}
    Context& context_;
    std::filesystem::path share_;  // holds catalogs/
    std::filesystem::path folder_;
    std::string name_;
    Instant now_;
    EnginePtr engine_;
};

// The folder with the example catalogs: $FARTHING_SHARE, or beside the program, or above it.
Result<std::filesystem::path> share_folder();

Result<Exit> demo_smart_city(Context& context, std::int64_t lamps);
Result<Exit> demo_multiline(Context& context);
Result<Exit> demo_sim_pool(Context& context);
Result<Exit> demo_wholesale(Context& context);
Result<Exit> demo_convergent(Context& context);
Result<Exit> demo_prepaid(Context& context);

}  // namespace farthing::cli
