// Data sessions and calls with deterministic chance.
#include <array>

#include "base/civil.h"
#include "base/instant.h"
#include "base/int128.h"
#include "cli/generate.h"
#include "cli/generate_file.h"
#include "cli/parse.h"

namespace farthing::cli {

namespace {

constexpr std::int64_t kRecordsPerFile = 1'000'000;
constexpr std::int64_t kJanuarySeconds = std::int64_t{31} * 86'400;
constexpr std::uint64_t kSeed = 20'260'101;

// "2026-01-05 10:00:00": seconds from the start of January, on whatever clock the feed reads.
std::string clock_text(std::int64_t second) {
    std::string text =
        to_rfc3339(Instant{Date::of(2026, 1, 1).days * kMicrosPerDay + second * kMicrosPerSecond});
    text[10] = ' ';
    text.pop_back();
    return text;
}

Result<void> accounts(GeneratedFile& file, const std::filesystem::path& folder) {
    FARTHING_CHECK(file.open(folder / "accounts.csv"));
    file.add("account,title\ncompany,Company\n");
    return file.close();
}

Result<void> check_counts(std::int64_t owners, std::int64_t records) {
    const bool good =
        owners > 0 && owners < 100'000'000 && records > 0 && records <= 10'000'000'000;
    if (good) return {};
    return fail(UsageReason::bad_value, "that many can't be generated");
}

// Writes `records` lines over as many files as it takes.
template <class WriteRecord>
Result<Generated> write_files(GeneratedFile& file, const std::filesystem::path& folder,
                              std::string_view suffix, std::string_view header,
                              std::int64_t records, WriteRecord&& write_record) {
    Generated made;
    for (std::int64_t first = 0; first < records; first += kRecordsPerFile) {
        std::string number = std::to_string(made.files.size() + 1);
        number.insert(0, number.size() < 4 ? 4 - number.size() : 0, '0');
        made.files.push_back(folder / "inbox" / (number + std::string(suffix)));
        FARTHING_CHECK(file.open(made.files.back()));
        file.add(header);
        for (std::int64_t i = first; i < records && i < first + kRecordsPerFile; ++i)
            write_record(i);
        FARTHING_CHECK(file.close());
    }
    made.records = records;
    return made;
}

}  // namespace

Result<Generated> generate_sessions(const std::filesystem::path& folder, std::int64_t sims,
                                    std::int64_t records) {
    FARTHING_CHECK(check_counts(sims, records));
    GeneratedFile file;
    FARTHING_CHECK(accounts(file, folder));
    FARTHING_CHECK(file.open(folder / "subscriptions.csv"));
    file.add("subscription,account,plan,from,iccid\n");
    constexpr std::int64_t kFirstCard = 893'720'401'600'000'000;
    for (std::int64_t sim = 1; sim <= sims; ++sim) {
        file.add("sim-");
        file.add(sim);
        file.add(sim % 2 == 0 ? ",company,pooled-50,2026-01-01,"
                              : ",company,pay-as-you-go,2026-01-01,");
        file.add(kFirstCard + sim);
        file.add("\n");
    }
    FARTHING_CHECK(file.close());
    static constexpr std::array<std::string_view, 4> kNetworks = {";248;01\n", ";244;05\n",
                                                                  ";208;01\n", ";234;15\n"};
    Dice dice(kSeed);
    return write_files(file, folder, ".csv", "start;end;iccid;bytes_up;bytes_down;mcc;mnc\n",
                       records, [&](std::int64_t i) {
                           // In order of time, as a network reports them; start and end make a
                           // session unique for its card.
                           const std::int64_t start = static_cast<std::int64_t>(
                               static_cast<i128>(i) * (kJanuarySeconds - 4000) / records);
                           file.add(clock_text(start));
                           file.add(";");
                           file.add(clock_text(start + 1 + dice.below(3600)));
                           file.add(";");
                           file.add(kFirstCard + 1 + dice.below(sims));
                           file.add(";");
                           file.add(dice.below(100'000));
                           file.add(";");
                           file.add(dice.below(2'000'000));
                           file.add(kNetworks[static_cast<std::size_t>(dice.below(4))]);
                       });
}

Result<Generated> generate_calls(const std::filesystem::path& folder, std::int64_t lines,
                                 std::int64_t records) {
    FARTHING_CHECK(check_counts(lines, records));
    GeneratedFile file;
    FARTHING_CHECK(accounts(file, folder));
    FARTHING_CHECK(file.open(folder / "subscriptions.csv"));
    file.add("subscription,account,plan,from,device\n");
    for (std::int64_t line = 1; line <= lines; ++line) {
        file.add("line-");
        file.add(line);
        file.add(",company,number-monthly,2026-01-01,line-");
        file.add(line);
        file.add("\n");
    }
    FARTHING_CHECK(file.close());
    static constexpr std::array<std::string_view, 4> kCalled = {"0044207", "00447", "0065", "001"};
    Dice dice(kSeed);
    return write_files(file, folder, ".csv", "", records, [&](std::int64_t i) {
        const std::int64_t start =
            static_cast<std::int64_t>(static_cast<i128>(i) * (kJanuarySeconds - 4000) / records);
        const std::int64_t seconds = 1 + dice.below(600);
        file.add("\"line-");
        file.add(1 + dice.below(lines));
        file.add("\",\"37255512345\",\"");
        file.add(kCalled[static_cast<std::size_t>(dice.below(4))]);
        file.add_padded(dice.below(10'000'000), 7);
        file.add("\",\"internal\",\"\",\"SIP/a-");
        file.add(i);
        file.add("\",\"SIP/t\",\"Dial\",\"\",\"");
        file.add(clock_text(start));
        file.add("\",\"");
        file.add(clock_text(start + 4));
        file.add("\",\"");
        file.add(clock_text(start + 4 + seconds));
        file.add("\",");
        file.add(seconds + 4);
        file.add(",");
        file.add(seconds);
        file.add(",\"ANSWERED\",\"DOCUMENTATION\",\"");
        file.add(i);
        file.add(".1\",\"\"\n");
    });
}

}  // namespace farthing::cli
