// What many commands do: open the data folder, read files and dates, show reports and errors.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/civil.h"
#include "cli/command.h"
#include "engine/engine.h"

namespace farthing::cli {

using EnginePtr = std::unique_ptr<engine::Engine>;

Result<EnginePtr> open_home(Context& context);
Result<EnginePtr> open_folder(Context& context, const std::filesystem::path& folder);

// "-" is standard input.
Result<std::string> read_file(const std::string& path);
Result<void> write_file(const std::filesystem::path& path, std::string_view content);

// Folders stand for the files in them (of that extension, if one is given), in the order of their
// names, so that a run can be repeated. What is hidden in them is passed over, and data folders.
Result<std::vector<std::filesystem::path>> files_of(const std::vector<std::string>& paths,
                                                    std::string_view extension = {});

Result<Date> date_argument(const std::string& text);
// "subscription" (empty, too), "group", "account".
Result<OwnerKind> owner_kind_argument(const std::string& text);
// "2026-06-08..2026-06-14": both days are in it.
Result<DatePeriod> period_argument(const std::string& text);
// "retail" or "cost"; empty: none named.
Result<std::optional<Perspective>> side_argument(std::string_view text);
// The option's date, or today in the catalog's time zone.
Result<Date> date_option(Context& context, std::string_view option, const engine::Engine& engine);
Date today(Context& context, const engine::Engine& engine);
Result<std::int64_t> whole_number(const std::string& text);
// Who asks: as --who says, else who is logged in.
std::string who_of(Context& context);
// A day ("2026-01-31", its start in the catalog's zone) or an RFC 3339 instant.
Result<Instant> instant_argument(const std::string& text, const TimeZone& zone);

// Every mistake, each on a line of its own, to stderr. Gives Exit::error.
Exit tell(Context& context, const Errors& errors);
// What a check of a catalog or feed found, as JSON.
void print_mistakes_json(Context& context, const Errors& errors);
void tell(Context& context, const Error& error);

// Control totals of a run, as text or JSON, and what they mean for the exit code.
Exit print_report(Context& context, const engine::Report& report,
                  std::chrono::milliseconds elapsed);

// A folder of its own under the system's temporary folder, removed at the end.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace farthing::cli
