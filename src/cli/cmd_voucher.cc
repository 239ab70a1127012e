// voucher: money that is sold as codes.
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "base/assert.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::int64_t kMost = 100'001;  // one more than are made at once

// So many of 32 signs that nobody takes for each other: 5 bits of chance each.
std::string signs_of_chance(std::size_t count) {
    constexpr std::string_view kSigns = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    std::array<unsigned char, 64> random{};
    FARTHING_ASSERT(count <= random.size());
    FARTHING_ASSERT(RAND_bytes(random.data(), static_cast<int>(count)) == 1);
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += kSigns[random[i] % kSigns.size()];
    return text;
}

// 7K2M-9QXT-40BD-ZW6R
std::string new_code() {
    std::string code = signs_of_chance(16);
    for (const std::size_t at : {12, 8, 4}) code.insert(at, "-");
    return code;
}

Result<Exit> make(Context& context) {
    engine::VoucherOrder order;
    order.name = context["NAME"];
    order.amount = context["AMOUNT"];
    order.seller = context["--seller"];
    FARTHING_TRY(const std::int64_t count, whole_number(context["COUNT"]));
    if (!context.arguments.given("--until"))
        return fail(UsageReason::bad_usage, "say how long they are valid: --until");
    FARTHING_TRY(order.until, date_argument(context["--until"]));
    if (context.arguments.given("--from")) {
        FARTHING_TRY(order.from, date_argument(context["--from"]));
    }
    for (std::int64_t i = 0; i < std::min(count, kMost); ++i) order.codes.push_back(new_code());
    order.secret = signs_of_chance(64);
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->make_vouchers(order));
    for (const std::string& code : order.codes) context.out << code << '\n';
    say(context, "This is the only time that the codes are shown.");
    return Exit::done;
}

std::vector<Listing::Cell> cells_of(const engine::VoucherReport& report) {
    const VoucherBatch& one = report.batch;
    return {one.name,
            Money{one.atoms, one.currency}.to_string(),
            std::string(one.currency.code()),
            report.seller,
            std::to_string(one.count),
            std::to_string(one.redeemed),
            to_rfc3339(one.valid_from),
            to_rfc3339(one.valid_until),
            one.blocked_because};
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto reports, engine->vouchers());
    Listing listing({"name", "amount", "currency", "seller", "vouchers", "redeemed", "from",
                     "until", "blocked"});
    for (const engine::VoucherReport& one : reports) listing.add(cells_of(one));
    listing.print(context);
    return Exit::done;
}

Result<Exit> show(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::VoucherReport report, engine->vouchers(context["NAME"]));
    Listing listing({"voucher", "account", "redeemed", "amount"});
    const VoucherBatch& batch = report.batch;
    for (const auto& row : report.redeemed) {
        listing.add({batch.name + "/" + std::to_string(row.serial), row.account, to_rfc3339(row.at),
                     Money{batch.atoms, batch.currency}.to_string()});
    }
    listing.print(context);
    return Exit::done;
}

Result<Exit> block(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->block_vouchers(context["NAME"], context["--because"]));
    return Exit::done;
}

Result<Exit> redeem(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const TopUp paid,
                 engine->redeem(context["ACCOUNT"], context["CODE"], context["--reference"]));
    say(context, Money{paid.atoms, paid.currency}.to_string() + " " +
                     std::string(paid.currency.code()) + " paid in, " + paid.reference);
    return Exit::done;
}

}  // namespace

std::vector<Command> voucher_commands() {
    return {
        {"voucher",
         "make",
         "Make vouchers of one amount; their codes are shown once",
         {{"NAME"}, {"COUNT"}, {"AMOUNT"}},
         {{"--until", "DATE", "from that day on they are not redeemed; needed"},
          {"--from", "DATE", "before that day neither"},
          {"--seller", "ACCOUNT", "who sells them, and owes for those redeemed; else we do"}},
         {"farthing voucher make spring 1000 10.00 --until 2027-01-01 --seller kiosk",
          "farthing voucher make sorry-4711 1 5.00 --until 2026-12-01"},
         make},
        {"voucher",
         "list",
         "List what was made, and how many were redeemed",
         {},
         {},
         {"farthing voucher list", "farthing voucher list -o csv"},
         list},
        {"voucher",
         "show",
         "List who redeemed the vouchers of one name",
         {{"NAME"}},
         {},
         {"farthing voucher show spring", "farthing voucher show spring --json"},
         show},
        {"voucher",
         "block",
         "Redeem none of that name any more; those redeemed stay so",
         {{"NAME"}},
         {{"--because", "TEXT", "why; it is kept, and told; needed"}},
         {"farthing voucher block spring --because \"stolen in Tartu\"",
          "farthing voucher block sorry-4711 --because \"sent twice\""},
         block},
        {"voucher",
         "redeem",
         "Pay an account the amount of a voucher, once",
         {{"ACCOUNT"}, {"CODE"}},
         {{"--reference", "TEXT", "asked again under it, it is told again"}},
         {"farthing voucher redeem anna 7K2M-9QXT-40BD-ZW6R",
          "farthing voucher redeem anna 7k2m9qxt40bdzw6r --reference shop-17"},
         redeem},
    };
}

}  // namespace farthing::cli
