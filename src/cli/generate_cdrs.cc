// Data sessions and calls with deterministic chance.
#include <algorithm>
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
// Seconds from the start of January, on whatever clock the feed reads.
Instant january(std::int64_t second) {
    return Instant{Date::of(2026, 1, 1).days * kMicrosPerDay + second * kMicrosPerSecond};
}

// What happens to a record on its way; nothing to most.
enum class Fault : std::uint8_t { none, twice, late, unknown };
Fault fault_of(Dice& dice, const Chance& chance) {
    if (!chance.faults) return Fault::none;
    const std::int64_t number = dice.below(1000);
    if (number < 2) return Fault::twice;
    if (number < 4) return Fault::late;
    return number == 4 ? Fault::unknown : Fault::none;
}

constexpr std::int64_t kStrangers = 10;  // that send although nobody knows them

// When and by whom the i-th record is, in order of time as networks report them.
struct Drawn {
    std::int64_t start = 0;
    std::int64_t owner = 0;  // one that nobody knows; 0: any that is known
};
Drawn draw(Dice& dice, Fault fault, std::int64_t at, std::int64_t records, std::int64_t owners) {
    constexpr std::int64_t kDay = 86'400;
    Drawn drawn;
    drawn.start =
        static_cast<std::int64_t>(static_cast<i128>(at) * (kJanuarySeconds - 4000) / records);
    if (fault == Fault::late)
        drawn.start = std::max<std::int64_t>(0, drawn.start - dice.below(kDay));
    drawn.owner = fault == Fault::unknown ? owners + 1 + dice.below(kStrangers) : 0;
    return drawn;
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
        if (file.begins()) file.add(header);
        for (std::int64_t i = first; i < records && i < first + kRecordsPerFile; ++i)
            write_record(i);
        FARTHING_CHECK(file.close());
    }
    made.records = records;
    return made;
}

constexpr std::int64_t kFirstCard = 893'720'401'600'000'000;

Result<void> cards(GeneratedFile& file, const std::filesystem::path& folder, std::int64_t sims) {
    FARTHING_CHECK(accounts(file, folder));
    FARTHING_CHECK(file.open(folder / "subscriptions.csv"));
    file.add("subscription,account,plan,from,iccid\n");
    for (std::int64_t sim = 1; sim <= sims; ++sim) {
        file.add("sim-");
        file.add(sim);
        file.add(sim % 2 == 0 ? ",company,pooled-50,2026-01-01,"
                              : ",company,pay-as-you-go,2026-01-01,");
        file.add(kFirstCard + sim);
        file.add("\n");
    }
    return file.close();
}

Result<void> office_lines(GeneratedFile& file, const std::filesystem::path& folder,
                          std::int64_t lines) {
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
    return file.close();
}

}  // namespace

Result<Generated> generate_sessions(const std::filesystem::path& folder, std::int64_t sims,
                                    std::int64_t records, Chance chance) {
    FARTHING_CHECK(check_counts(sims, records));
    GeneratedFile file;
    if (!is_output(folder)) FARTHING_CHECK(cards(file, folder, sims));
    static constexpr std::array<std::string_view, 4> kNetworks = {";248;01\n", ";244;05\n",
                                                                  ";208;01\n", ";234;15\n"};
    Dice dice(chance.seed);
    struct Session {
        std::int64_t start, end, sim, up, down;
        std::size_t network;
    };
    Session session{};
    return write_files(file, folder, ".csv", "start;end;iccid;bytes_up;bytes_down;mcc;mnc\n",
                       records, [&](std::int64_t i) {
                           // Start and end make a session unique for its card.
                           const Fault fault = fault_of(dice, chance);
                           if (fault != Fault::twice || i == 0) {
                               const Drawn drawn = draw(dice, fault, i, records, sims);
                               session.start = drawn.start;
                               session.end = drawn.start + 1 + dice.below(3600);
                               session.sim = drawn.owner != 0 ? drawn.owner : 1 + dice.below(sims);
                               session.up = dice.below(100'000);
                               session.down = dice.below(2'000'000);
                               session.network = static_cast<std::size_t>(dice.below(4));
                           }
                           file.add_clock(january(session.start));
                           file.add(";");
                           file.add_clock(january(session.end));
                           file.add(";");
                           file.add(kFirstCard + session.sim);
                           file.add(";");
                           file.add(session.up);
                           file.add(";");
                           file.add(session.down);
                           file.add(kNetworks[session.network]);
                       });
}

Result<Generated> generate_calls(const std::filesystem::path& folder, std::int64_t lines,
                                 std::int64_t records, Chance chance) {
    FARTHING_CHECK(check_counts(lines, records));
    GeneratedFile file;
    if (!is_output(folder)) FARTHING_CHECK(office_lines(file, folder, lines));
    static constexpr std::array<std::string_view, 4> kCalled = {"0044207", "00447", "0065", "001"};
    Dice dice(chance.seed);
    struct Call {
        std::int64_t number, start, seconds, line, called;
        std::size_t prefix;
    };
    Call call{};
    return write_files(file, folder, ".csv", "", records, [&](std::int64_t i) {
        const Fault fault = fault_of(dice, chance);
        if (fault != Fault::twice || i == 0) {
            const Drawn drawn = draw(dice, fault, i, records, lines);
            call.number = i;
            call.start = drawn.start;
            call.seconds = 1 + dice.below(600);
            call.line = drawn.owner != 0 ? drawn.owner : 1 + dice.below(lines);
            call.prefix = static_cast<std::size_t>(dice.below(4));
            call.called = dice.below(10'000'000);
        }
        file.add("\"line-");
        file.add(call.line);
        file.add("\",\"37255512345\",\"");
        file.add(kCalled[call.prefix]);
        file.add_padded(call.called, 7);
        file.add("\",\"internal\",\"\",\"SIP/a-");
        file.add(call.number);
        file.add("\",\"SIP/t\",\"Dial\",\"\",\"");
        file.add_clock(january(call.start));
        file.add("\",\"");
        file.add_clock(january(call.start + 4));
        file.add("\",\"");
        file.add_clock(january(call.start + 4 + call.seconds));
        file.add("\",");
        file.add(call.seconds + 4);
        file.add(",");
        file.add(call.seconds);
        file.add(",\"ANSWERED\",\"DOCUMENTATION\",\"");
        file.add(call.number);
        file.add(".1\",\"\"\n");
    });
}

}  // namespace farthing::cli
