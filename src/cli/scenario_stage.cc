#include "cli/scenario_stage.h"

#include <algorithm>

#include "base/csv.h"
#include "base/utf8.h"
#include "cli/listing.h"
#include "cli/parse.h"

namespace farthing::cli {

namespace {

// `usage` lines become a file of this feed.
constexpr std::string_view kUsageFeed = R"(feed: scenario-usage
format: {delimited: ",", header: true}
time_zone: UTC
record:
  id: {field: id}
  service: {field: service}
  start: {field: start, time: rfc3339}
  quantity: {field: quantity}
  network: {field: network}
  called: {field: called}
guide: [{by: subscription, field: subscription}]
same_record: [id]
late: {accept: 36500 days}
)";

}  // namespace

Result<void> Stage::open(Context& context) {
    folder_ = std::make_unique<TemporaryFolder>();
    Context own = context;
    own.now = [this] { return now_; };
    FARTHING_TRY(engine_, open_folder(own, folder_->path() / "data"));
    std::error_code failed;
    std::filesystem::create_directory(folder_->path() / "files", failed);
    return {};
}

const catalog::Version* Stage::newest() const {
    return engine_->catalog().empty() ? nullptr : &engine_->catalog().newest();
}

Result<void> Stage::perform(const Line& line) {
    auto done = dispatch(line);
    if (done) return {};
    const bool our_own = reason_named<ScenarioReason>(done.error().code).has_value();
    if (our_own) return done;
    if (done.error().place.empty()) done.error().place = place(line);
    refused_.push_back(std::move(done).error());
    return {};
}

Result<void> Stage::dispatch(const Line& line) {
    const std::string& verb = line.verb();
    if (verb == "catalog" || verb == "deck") return catalog(line);
    if (verb == "usage") {
        FARTHING_CHECK(publish());
        FARTHING_CHECK(move_clock(line));
        return usage(line);
    }
    FARTHING_CHECK(flush());
    FARTHING_CHECK(move_clock(line));
    if (verb == "now") return {};
    if (verb == "account") return account(line);
    if (verb == "subscribe") return subscribe(line);
    if (verb == "quantity" || verb == "plan" || verb == "pays" || verb == "identify")
        return change(line);
    if (verb == "feed") return feed(line);
    if (verb == "file") return file(line);
    if (verb == "retry" || verb == "drop" || verb == "fix") return suspense(line);
    if (verb == "note" || verb == "credit" || verb == "debit") return note(line);
    const bool of_note = line.words.size() > 2 && line.words[2] == "note";
    if (verb == "void" || (verb == "send" && of_note)) return note_step(line);
    if (verb == "rerate") return rerate(line);
    if (verb == "delete") return delete_usage(line);
    if (verb == "undo" && line.words.size() > 2 && line.words[1] == "file") return undo_file(line);
    if (verb == "bill" || verb == "undo" || verb == "send") return bill(line);
    if (verb == "adjust" || verb == "field") return amend(line);
    if (verb == "topup") return top_up(line);
    if (verb == "limit") return limit(line);
    if (verb == "fees") return fees(line);
    if (verb == "vouchers") return vouchers(line);
    if (verb == "redeem") return redeem(line);
    if (verb == "buy" || verb == "give") return buy(line);
    if (verb == "transfer") return transfer(line);
    if (verb == "recharge") return recharge(line);
    if (verb == "alert") return alert(line);
    if (verb == "webhook") return webhook(line);
    if (verb == "session" || verb == "event") return session(line);
    if (verb == "again") return again(line);
    if (verb == "burst") return burst(line);
    if (verb == "restart") return restart();
    if (verb == "compare") return compare_carrier(line);
    return import_directory(line);
}

Result<void> Stage::flush() {
    FARTHING_CHECK(publish());
    return import_usage();
}

// A catalog is published when the first line that is not part of it comes, so that its decks may
// follow it.
Result<void> Stage::publish() {
    if (!catalog_pending_) return {};
    FARTHING_CHECK(import_usage());
    catalog_pending_ = false;
    auto published = engine_->publish(catalog_files_, catalog_from_);
    if (!published) {
        for (Error& error : published.error()) refused_.push_back(std::move(error));
        return {};
    }
    const catalog::Version* version = newest();
    // Stories start with their catalog: before the first date the clock stands where it begins.
    now_ =
        std::max(now_, std::min(version->valid_from, version->zone.start_of(Date::of(2100, 1, 1))));
    return {};
}

Result<void> Stage::catalog(const Line& line) {
    if (line.verb() == "deck") {
        FARTHING_TRY(const std::string name, word(line, 1, "the name of a file of the catalog"));
        if (!catalog_pending_) return wrong(line, "a deck stands right below its catalog");
        std::erase_if(catalog_files_, [&](const CatalogFile& file) { return file.path == name; });
        catalog_files_.push_back({name, line.block});
        std::ranges::sort(catalog_files_, {}, &CatalogFile::path);
        return {};
    }
    FARTHING_CHECK(flush());
    catalog_from_ = line.date;
    catalog_pending_ = true;
    if (line.has_block) {
        const std::string name = line.words.size() > 1 ? line.words[1] : "catalog.yaml";
        catalog_files_ = {{name, line.block}};
        return {};
    }
    FARTHING_TRY(const std::string folder, word(line, 1, "the folder of a catalog"));
    FARTHING_TRY(catalog_files_, engine::read_catalog(file_.parent_path() / folder));
    return {};
}

Result<void> Stage::move_clock(const Line& line) {
    const catalog::Version* version = newest();
    if (version == nullptr) {
        // A refused catalog is what the lines below may expect.
        if (!refused_.empty()) return {};
        return wrong(line, "\"" + line.text + "\" comes before any catalog",
                     ScenarioReason::scenario_no_catalog);
    }
    if (!line.date) return {};
    const std::int64_t local =
        std::int64_t{line.date->days} * kMicrosPerDay + line.time.value_or(0);
    const LocalReading reading = version->zone.read_local(local);
    now_ = std::max(now_, reading.first);
    return {};
}

Result<Date> Stage::day_of(const Line& line) const {
    if (line.date) return *line.date;
    return wrong(line, "`" + line.verb() + "` needs its day", ScenarioReason::scenario_no_date);
}

Result<std::string> Stage::word(const Line& line, std::size_t index, std::string_view what) const {
    if (index < line.words.size()) return line.words[index];
    return wrong(line, "`" + line.verb() + "` needs " + std::string(what));
}

Result<void> Stage::account(const Line& line) {
    engine::AccountChange change;
    FARTHING_TRY(change.name, word(line, 1, "a name"));
    change.parent = word_after(line, "under").value_or("");
    change.title = word_after(line, "title").value_or("");
    change.country = word_after(line, "country").value_or("");
    change.tax_number = word_after(line, "tax_number").value_or("");
    const bool says_pays = std::ranges::find(line.words, "pays") != line.words.end();
    const bool says_no = word_after(line, "pays") == "no";
    change.pays = says_pays ? !says_no : change.parent.empty();
    if (const auto from = word_after(line, "from")) {
        FARTHING_TRY(change.from, date_argument(*from));
    }
    if (const auto day = word_after(line, "day")) {
        FARTHING_TRY(const std::int64_t number, whole_number(*day));
        change.bill_day = static_cast<unsigned>(std::clamp<std::int64_t>(number, 0, 99));
    }
    return engine_->apply(change);
}

Result<void> Stage::subscribe(const Line& line) {
    engine::SubscriptionChange change;
    FARTHING_TRY(change.from, day_of(line));
    FARTHING_TRY(change.account, word(line, 1, "an account"));
    FARTHING_TRY(change.name, word(line, 2, "the name of the subscription"));
    FARTHING_TRY(change.plan, word(line, 3, "a plan"));
    if (const auto quantity = word_after(line, "quantity")) {
        FARTHING_TRY(change.quantity, whole_number(*quantity));
    }
    change.group = word_after(line, "group").value_or("");
    for (std::size_t i = 0; i < kIdentityKindNames.size(); ++i) {
        const auto value = word_after(line, kIdentityKindNames[i]);
        if (value) change.identities.emplace_back(static_cast<IdentityKind>(i), *value);
    }
    return engine_->apply(std::span(&change, 1));
}

Result<void> Stage::change(const Line& line) {
    FARTHING_TRY(const Date day, day_of(line));
    FARTHING_TRY(const std::string name, word(line, 1, "a name"));
    FARTHING_TRY(const std::string value, word(line, 2, "a value"));
    if (line.verb() == "quantity") {
        FARTHING_TRY(const std::int64_t quantity, whole_number(value));
        return engine_->set_quantity(name, quantity, day);
    }
    if (line.verb() == "plan")
        return engine_->set_plan(name, value == "ends" ? std::string() : value, day);
    if (line.verb() == "pays") return engine_->set_pays(name, value != "no", day);
    FARTHING_TRY(const std::string identity, word(line, 3, "the identity"));
    const auto kind = std::ranges::find(kIdentityKindNames, std::string_view(value));
    if (kind == kIdentityKindNames.end())
        return wrong(line, "no kind of identity is named \"" + printable(value) + "\"");
    return engine_->identify(name, static_cast<IdentityKind>(kind - kIdentityKindNames.begin()),
                             identity,
                             newest()->zone.start_of(day).plus_micros(line.time.value_or(0)));
}

// As a feed has it where it names no unit.
static std::string as_written(std::int64_t quantity, const Unit& base) {
    if (base.dimension != Dimension::money) return std::to_string(quantity);
    const std::string text = quantity_to_string(quantity, base);
    return text.substr(0, text.find(' '));
}

// SUBSCRIPTION SERVICE QUANTITY [UNIT] [network N] [called N]
Result<void> Stage::usage(const Line& line) {
    if (!line.date || !line.time)
        return wrong(line, "usage needs its day and time", ScenarioReason::scenario_no_date);
    FARTHING_TRY(const std::string subscription, word(line, 1, "a subscription"));
    FARTHING_TRY(const std::string service, word(line, 2, "a service"));
    FARTHING_TRY(std::string quantity, word(line, 3, "a quantity"));
    const catalog::Version* version = newest();
    const catalog::Meter* meter = version == nullptr ? nullptr : version->meter_named(service);
    if (meter == nullptr)
        return wrong(line, "no meter is named \"" + printable(service) + "\"",
                     ScenarioReason::scenario_not_there);
    if (line.words.size() > 4 && unit_named(line.words[4]) != nullptr)
        quantity += " " + line.words[4];
    const auto base = parse_quantity(quantity, *meter->unit);
    if (!base) return wrong(line, "\"" + printable(quantity) + "\" is no quantity of " + service);
    const LocalReading reading =
        version->zone.read_local(std::int64_t{line.date->days} * kMicrosPerDay + *line.time);
    if (reading.kind != LocalReading::Kind::unique)
        return wrong(line, "that local time occurs twice or never");
    usage_count_ += 1;
    usage_rows_ += std::to_string(usage_count_) + "," + csv_field(subscription) + "," + service +
                   "," + to_rfc3339(reading.first) + "," + as_written(*base, *meter->unit) + "," +
                   word_after(line, "network").value_or("") + "," +
                   word_after(line, "called").value_or("") + "\n";
    return {};
}

Result<void> Stage::import_usage() {
    if (usage_rows_.empty()) return {};
    if (usage_files_ == 0) {
        if (auto added = engine_->add_feed("scenario-usage", kUsageFeed); !added)
            return fail(added.error().front());
    }
    usage_files_ += 1;
    const auto path =
        folder_->path() / "files" / ("usage-" + std::to_string(usage_files_) + ".csv");
    FARTHING_CHECK(
        write_file(path, "id,subscription,service,start,quantity,network,called\n" + usage_rows_));
    usage_rows_.clear();
    FARTHING_TRY(const engine::Report report,
                 engine_->import_files("scenario-usage", std::span(&path, 1)));
    count(report, false);
    return {};
}

void Stage::count(const engine::Report& report, bool recycled) {
    totals_[recycled ? "recycled" : "received"] += report.received;
    totals_["windows"] += report.windows;
    for (std::size_t i = 0; i < kOutcomes; ++i)
        totals_[std::string(kOutcomeNames[i])] += report.outcomes[i];
    if (recycled) totals_["suspended"] -= report.received;
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        totals_["cost " + std::string(kOutcomeNames[i])] += report.cost_outcomes[i];
        totals_[recycled ? "cost recycled" : "cost received"] += report.cost_outcomes[i];
        if (recycled) totals_["cost suspended"] -= report.cost_outcomes[i];
    }
    for (const auto& refused : report.refused) refused_.push_back(refused.error);
}

Result<void> Stage::feed(const Line& line) {
    FARTHING_TRY(const std::string name, word(line, 1, "a name"));
    std::string path = "feed " + name;
    Result<std::string> yaml = line.block;
    if (!line.has_block) {
        FARTHING_TRY(path, word(line, 2, "the file of its description"));
        path = (file_.parent_path() / path).string();
        yaml = read_file(path);
    }
    if (!yaml) return fail(yaml.error());
    if (auto added = engine_->add_feed(path, *yaml); !added) {
        for (Error& error : added.error()) refused_.push_back(std::move(error));
    }
    return {};
}

// file FEED NAME: + block · file FEED NAME like OTHER · file FEED PATH
Result<void> Stage::file(const Line& line) {
    FARTHING_TRY(const std::string feed, word(line, 1, "a feed"));
    FARTHING_TRY(const std::string name, word(line, 2, "a file"));
    auto path = folder_->path() / "files" / std::filesystem::path(name).filename();
    if (line.has_block) {
        FARTHING_CHECK(write_file(path, line.block));
    } else if (const auto other = word_after(line, "like")) {
        FARTHING_TRY(const std::string content,
                     read_file((folder_->path() / "files" / *other).string()));
        FARTHING_CHECK(write_file(path, content));
    } else {
        path = file_.parent_path() / name;
    }
    FARTHING_TRY(const engine::Report report, engine_->import_files(feed, std::span(&path, 1)));
    count(report, false);
    return {};
}

// … set FIELD VALUE set FIELD VALUE because "…" by WHO
engine::Correction Stage::correction_of(const Line& line) {
    engine::Correction correction;
    for (std::size_t i = 0; i + 2 < line.words.size(); ++i) {
        if (line.words[i] == "set")
            correction.fields.emplace_back(line.words[i + 1], line.words[i + 2]);
    }
    correction.because = word_after(line, "because").value_or("");
    correction.who = word_after(line, "by").value_or("");
    return correction;
}

Result<void> Stage::suspense(const Line& line) {
    Line which = line;  // what is set is no filter
    which.words.erase(std::ranges::find(which.words, "set"), which.words.end());
    engine::SuspenseFilter filter{
        word_after(which, "feed").value_or(""), word_after(which, "reason").value_or(""),
        word_after(which, "identity").value_or(""), word_after(which, "record").value_or("")};
    FARTHING_TRY(filter.side, side_argument(word_after(which, "rating").value_or("")));
    if (line.verb() == "drop") {
        FARTHING_TRY(const std::int64_t dropped,
                     engine_->drop(filter, word_after(line, "because").value_or("")));
        totals_["dropped"] += dropped;
        totals_["suspended"] -= dropped;
        return {};
    }
    const auto report =
        line.verb() == "fix" ? engine_->fix(filter, correction_of(line)) : engine_->retry(filter);
    if (!report) return fail(report.error());
    count(*report, true);
    return {};
}

// On a day, the cycle of each payer that ended last.
Result<void> Stage::bill(const Line& line) {
    FARTHING_TRY(const Date day, day_of(line));
    const std::string payer = line.words.size() > 1 ? line.words[1] : std::string();
    billed_ = engine::WhichCycle::ended_by(day);
    const auto step = line.verb() == "bill"   ? engine_->bill_run(billed_, payer)
                      : line.verb() == "undo" ? engine_->undo(billed_, payer)
                                              : engine_->send(billed_, payer);
    if (!step) return fail(step.error());
    for (const auto& [who, error] : step->failed) refused_.push_back(error);
    findings_.clear();
    for (const auto& row : step->invoices)
        findings_.insert(findings_.end(), row.findings.begin(), row.findings.end());
    return {};
}

// adjust PAYER [line N] credit|debit AMOUNT because "…" · field PAYER NAME VALUE
Result<void> Stage::amend(const Line& line) {
    FARTHING_TRY(const std::string payer, word(line, 1, "a payer"));
    FARTHING_TRY(const std::string id, document_id(line, payer));
    if (line.verb() == "field") {
        FARTHING_TRY(const std::string name, word(line, 2, "the name of a field"));
        FARTHING_TRY(const std::string value, word(line, 3, "its value"));
        FARTHING_CHECK(engine_->set_field(id, name, value));
        return {};
    }
    const auto credit = word_after(line, "credit");
    const auto debit = word_after(line, "debit");
    if (credit.has_value() == debit.has_value())
        return wrong(line, "an adjustment is either a credit or a debit");
    FARTHING_TRY(const Money money, amount_of(line, credit ? *credit : *debit, credit.has_value()));
    const std::string why = word_after(line, "because").value_or("");
    Adjustment adjustment{why, why, std::nullopt, money};
    if (const auto number = word_after(line, "line")) {
        FARTHING_TRY(const std::int64_t at, whole_number(*number));
        adjustment.line = static_cast<std::uint32_t>(std::clamp<std::int64_t>(at, 0, UINT32_MAX));
    }
    FARTHING_CHECK(engine_->adjust(id, std::move(adjustment)));
    return {};
}

Result<void> Stage::import_directory(const Line& line) {
    FARTHING_TRY(const std::string what, word(line, 1, "accounts or subscriptions"));
    FARTHING_TRY(const std::string name, word(line, 2, "a file"));
    Result<std::string> csv = line.block;
    if (!line.has_block) csv = read_file((file_.parent_path() / name).string());
    if (!csv) return fail(csv.error());
    if (what == "accounts") {
        if (const auto rows = engine_->import_accounts(name, *csv); !rows)
            return fail(rows.error().front());
    } else if (what == "subscriptions") {
        if (const auto rows = engine_->import_subscriptions(name, *csv); !rows)
            return fail(rows.error().front());
    } else {
        return wrong(line,
                     "accounts or subscriptions can be imported, not \"" + printable(what) + "\"");
    }
    return {};
}

}  // namespace farthing::cli
