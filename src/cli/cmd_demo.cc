// demo NAME and generate WHAT.
#include <ostream>

#include "base/utf8.h"
#include "cli/demo.h"
#include "cli/generate.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/progress.h"

namespace farthing::cli {

namespace {

Result<std::int64_t> number_or(Context& context, std::string_view option, std::int64_t otherwise) {
    if (!context.arguments.given(option)) return otherwise;
    return whole_number(context[option]);
}

Result<Exit> demo(Context& context) {
    static constexpr std::string_view kNames[] = {"smart-city",     "multiline",  "sim-pool",
                                                  "wholesale-voip", "convergent", "prepaid-cap"};
    const std::string& name = context["NAME"];
    if (name.empty()) {
        context.out << "smart-city   lamps that report each minute: micro-charges, duplicates, "
                       "unknown lamps, shares\n"
                       "multiline    numbers that come and go, and departments of which some pay\n"
                       "sim-pool     SIMs that share a package\n"
                       "wholesale-voip  calls sold by one deck and bought by another\n"
                       "convergent   one invoice for telephones, texts, devices and an app\n"
                       "prepaid-cap  a runaway device, stopped where cap and money end\n";
        return Exit::done;
    }
    FARTHING_TRY(const std::int64_t lamps, number_or(context, "--lamps", 200));
    if (name == kNames[0]) return demo_smart_city(context, lamps);
    if (name == kNames[1]) return demo_multiline(context);
    if (name == kNames[2]) return demo_sim_pool(context);
    if (name == kNames[3]) return demo_wholesale(context);
    if (name == kNames[4]) return demo_convergent(context);
    if (name == kNames[5]) return demo_prepaid(context);
    const std::string near = nearest_name(name, kNames);
    return fail(UsageReason::not_found,
                "no demonstration is named \"" + printable(name) + "\"." +
                    (near.empty() ? "" : " Did you mean \"" + near + "\"?"));
}

Exit tell_generated(Context& context, const Generated& made, std::chrono::milliseconds elapsed) {
    const std::int64_t millis = std::max<std::int64_t>(1, elapsed.count());
    if (context["DIR"] != "-")
        context.out << grouped(made.records) << " records in "
                    << grouped(static_cast<std::int64_t>(made.files.size())) << " files under "
                    << context["DIR"] << '\n';
    say(context, "took " + duration_text(elapsed) + ", " + grouped(made.records * 1000 / millis) +
                     " records/s");
    return Exit::done;
}

Result<Exit> lamps(Context& context) {
    FARTHING_TRY(const std::int64_t count, number_or(context, "--lamps", 200));
    CitySlice slice;
    slice.district = context.arguments["--district"];
    if (context.arguments.given("--day")) {
        FARTHING_TRY(slice.day, number_or(context, "--day", 1));
    }
    const ProgressBar clock(context, "generate");
    FARTHING_TRY(const City city, generate_lamps(context["DIR"], count, {}, slice));
    return tell_generated(context, city, clock.elapsed());
}

Result<Chance> chance_of(Context& context) {
    Chance chance;
    const auto seed = static_cast<std::int64_t>(chance.seed);
    FARTHING_TRY(const std::int64_t given, number_or(context, "--seed", seed));
    chance.seed = static_cast<std::uint64_t>(given);
    chance.faults = context.arguments.given("--faults");
    return chance;
}

Result<Exit> sessions(Context& context) {
    FARTHING_TRY(const std::int64_t sims, number_or(context, "--sims", 1000));
    FARTHING_TRY(const std::int64_t records, number_or(context, "--records", 100'000));
    const ProgressBar clock(context, "generate");
    FARTHING_TRY(const Chance chance, chance_of(context));
    FARTHING_TRY(const Generated made, generate_sessions(context["DIR"], sims, records, chance));
    return tell_generated(context, made, clock.elapsed());
}

Result<Exit> calls(Context& context) {
    FARTHING_TRY(const std::int64_t lines, number_or(context, "--lines", 1000));
    FARTHING_TRY(const std::int64_t records, number_or(context, "--records", 100'000));
    const ProgressBar clock(context, "generate");
    FARTHING_TRY(const Chance chance, chance_of(context));
    FARTHING_TRY(const Generated made, generate_calls(context["DIR"], lines, records, chance));
    return tell_generated(context, made, clock.elapsed());
}

}  // namespace

std::vector<Command> demo_commands() {
    return {
        {"demo",
         "",
         "Tell a story with invented data: smart-city, multiline, sim-pool, wholesale-voip, "
         "convergent, prepaid-cap",
         {{"NAME", false}},
         {{"--lamps", "N", "of smart-city (else 200)"},
          {"--dir", "DIR", "where to (else ./farthing-demo)"}},
         {"farthing demo smart-city", "farthing demo smart-city --lamps 2000"},
         demo},
        {"generate",
         "lamps",
         "Write a city's lamp reports of June 2026, with faults; - writes to standard output",
         {{"DIR"}},
         {{"--lamps", "N", "how many (else 200)"},
          {"--day", "N", "only that day of June"},
          {"--district", "NAME", "only that district"}},
         {"farthing generate lamps ./city --lamps 2000",
          "farthing generate lamps - --day 1 --district harbour > lamps.csv"},
         lamps},
        {"generate",
         "sessions",
         "Write data sessions of SIM cards, January 2026; - writes to standard output",
         {{"DIR"}},
         {{"--sims", "N", "how many SIMs (else 1000)"},
          {"--records", "N", "how many sessions (else 100000)"},
          {"--seed", "N", "other chance; the same seed gives the same bytes"},
          {"--faults", "", "some twice, some late, some of unknown cards"}},
         {"farthing generate sessions ./sims --sims 50 --records 5000000",
          "farthing generate sessions - --faults --seed 7 > sessions.csv"},
         sessions},
        {"generate",
         "calls",
         "Write calls as Asterisk logs them, January 2026; - writes to standard output",
         {{"DIR"}},
         {{"--lines", "N", "how many lines (else 1000)"},
          {"--records", "N", "how many calls (else 100000)"},
          {"--seed", "N", "other chance; the same seed gives the same bytes"},
          {"--faults", "", "some twice, some late, some of unknown lines"}},
         {"farthing generate calls ./calls --records 5000000",
          "farthing generate calls - --faults --seed 7 > calls.csv"},
         calls},
    };
}

}  // namespace farthing::cli
