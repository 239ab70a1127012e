// What a charge includes: how much, for whom, what joining and leaving does, and what is carried
// over.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

constexpr int kMonthsMax = 24;

class AllowanceReader {
  public:
    AllowanceReader(const Fields& fields, const Meter& meter, Mistakes& mistakes)
        : fields_(fields), meter_(meter), mistakes_(mistakes) {}

    std::optional<Allowance> read() {
        out_.shared_by = static_cast<SharedBy>(fields_.choice("shared_by"));
        if (!fields_.has("quantity") || !read_quantity_of()) return std::nullopt;
        read_members();
        read_cap();
        read_overage();
        read_rollover();
        return std::move(out_);
    }

  private:
    bool read_quantity_of() {
        out_.text = fields_.text("quantity");
        const std::size_t per = out_.text.rfind(" per ");
        const std::string_view whom = per == out_.text.npos
                                          ? std::string_view()
                                          : std::string_view(out_.text).substr(per + 5);
        out_.per_pool = whom == "pool";
        if (!out_.per_pool && whom != "subscription") {
            mistakes_.add(
                CatalogReason::bad_value, fields_.place_of("quantity"),
                fmt::format("the quantity {} doesn't say for whom it is", shown(out_.text)),
                "Write `50 MB per subscription` or `100 MB per pool`.");
            return false;
        }
        if (out_.per_pool && !shared()) {
            mistakes_.add(
                CatalogReason::bad_value, fields_.place_of("quantity"),
                "a pool needs somebody who shares it",
                "Add `shared_by: account` (or group, enterprise), or write `per subscription`.");
        }
        const auto quantity = read_quantity(std::string_view(out_.text).substr(0, per), meter_,
                                            value_at(fields_, "quantity"));
        out_.quantity = quantity.value_or(0);
        return true;
    }

    bool shared() const { return out_.shared_by != SharedBy::subscription; }

    // What members bring: words that say nothing where they bring nothing are refused.
    void read_members() {
        constexpr std::array<std::string_view, 3> kOfMembers = {"join", "prorate", "leave"};
        for (const std::string_view key : kOfMembers) {
            if (!fields_.has(key) || (!out_.per_pool && (shared() || key == "prorate"))) continue;
            mistakes_.add(
                CatalogReason::bad_value, fields_.place_of(key),
                out_.per_pool
                    ? fmt::format("{} says nothing of a pool of one quantity", shown(key))
                    : fmt::format("{} says nothing of an allowance that is not shared", shown(key)),
                "Take it out, or write `per subscription` and who shares it.");
        }
        out_.join = static_cast<Join>(fields_.choice("join"));
        out_.prorated = fields_.choice("prorate") == 0;
        out_.leave = static_cast<Leave>(fields_.choice("leave"));
        if (out_.prorated || out_.leave == Leave::keep) return;
        mistakes_.add(CatalogReason::bad_value, fields_.place_of("leave"),
                      "a member that brings all of its quantity can't take a part away",
                      "Write `leave: keep`, or `prorate: calendar_days`.");
    }

    void read_cap() {
        if (!fields_.has("cap")) return;
        constexpr std::string_view kPerMember = " per subscription";
        const std::string text = fields_.text("cap");
        if (!text.ends_with(kPerMember)) {
            return mistakes_.add(CatalogReason::bad_value, fields_.place_of("cap"),
                                 fmt::format("the cap {} doesn't say for whom it is", shown(text)),
                                 "Write `60 MB per subscription`.");
        }
        if (!shared()) {
            return mistakes_.add(CatalogReason::bad_value, fields_.place_of("cap"),
                                 "a cap needs a pool that others use, too",
                                 "Add `shared_by`, or take the cap out: a subscription has no more "
                                 "than its own quantity.");
        }
        out_.cap = read_quantity(std::string_view(text).substr(0, text.size() - kPerMember.size()),
                                 meter_, value_at(fields_, "cap"))
                       .value_or(INT64_MAX);
    }

    void read_overage() {
        out_.members_pay = fields_.choice("overage") == 1;
        if (fields_.has("overage") && !shared()) {
            mistakes_.add(CatalogReason::bad_value, fields_.place_of("overage"),
                          "`overage` says nothing of an allowance that is not shared",
                          "Take it out, or say who shares it.");
        }
        if (!fields_.has("attribution")) return;
        out_.in_order = fields_.choice("attribution") == 1;
        if (!out_.members_pay) {
            mistakes_.add(CatalogReason::bad_value, fields_.place_of("attribution"),
                          "`attribution` says nothing where the pool's owner pays",
                          "Take it out, or write `overage: members`.");
        } else if (out_.in_order && out_.leave == Leave::prorate) {
            mistakes_.add(CatalogReason::not_supported, fields_.place_of("attribution"),
                          "what a member takes away that leaves puts use beyond that was not, and "
                          "so nobody went beyond in the order of use; that is not priced by this "
                          "release",
                          "Write `leave: keep`, or `attribution: pro_rata`.");
        }
    }

    void read_rollover() {
        const Node* node = fields_.find("rollover");
        if (node == nullptr) return;
        const Fields fields(*node, table("rollover"), mistakes_);
        if (node->kind != Node::Kind::map || !fields.has("months")) return;
        Rollover out;
        const std::string months = fields.text("months");
        const auto [end, error] =
            std::from_chars(months.data(), months.data() + months.size(), out.months);
        const bool number = error == std::errc() && end == months.data() + months.size();
        if (!number || out.months < 1 || out.months > kMonthsMax) {
            return mistakes_.add(CatalogReason::bad_value, fields.place_of("months"),
                                 fmt::format("`months` is {}", shown(months)),
                                 fmt::format("Write 1 to {}.", kMonthsMax));
        }
        out.text = fmt::format("for {} month{}", out.months, out.months == 1 ? "" : "s");
        if (fields.has("percent")) {
            const std::string percent = fields.text("percent");
            const auto read = read_percent(percent, value_at(fields, "percent"));
            out.percent = read ? read->exact() : Exact(100);
            out.text += fmt::format(", {} % of it", percent);
        }
        if (fields.has("cap")) {
            const std::string cap = fields.text("cap");
            out.cap = read_quantity(cap, meter_, value_at(fields, "cap")).value_or(INT64_MAX);
            out.text += fmt::format(", at most {}", cap);
        }
        out.current_first = fields.choice("order") == 1;
        out.text += out.current_first ? ", used after the cycle's own" : "";
        out_.rollover = std::move(out);
    }

    const Fields& fields_;
    const Meter& meter_;
    Mistakes& mistakes_;
    Allowance out_;
};

}  // namespace

std::optional<Allowance> read_allowance(const Fields& charge, const Meter& meter,
                                        Mistakes& mistakes) {
    const Node* node = charge.find("allowance");
    if (node == nullptr) return std::nullopt;
    const Fields fields(*node, table("allowance"), mistakes);
    for (const std::string_view key : {"deck", "decks", "price_list"}) {
        if (!charge.has(key)) continue;
        mistakes.add(CatalogReason::not_supported, node->place,
                     fmt::format("an allowance on a {} is not priced by this release", shown(key)),
                     "Put the allowance on a charge with `price`, `graduated` or `volume`.");
    }
    return AllowanceReader(fields, meter, mistakes).read();
}

}  // namespace farthing::catalog
