#include <fmt/format.h>

#include <algorithm>

#include "catalog/fields.h"
#include "catalog/read_deck.h"

namespace farthing::catalog {

namespace {

// Places of rows are text: no deck is so large that its mistakes' places matter more than its size.
Place place_of(const RateRow& row) {
    const std::size_t colon = row.place.rfind(':');
    return {std::string_view(row.place).substr(0, colon), std::stoi(row.place.substr(colon + 1)),
            0};
}

class OverlapCheck {
  public:
    OverlapCheck(const Deck& deck, Mistakes& mistakes) : deck_(deck), mistakes_(mistakes) {
        const auto& origins = deck.origins();
        clash_.resize(origins.size() * origins.size());
        for (std::size_t i = 0; i < origins.size(); ++i) {
            for (std::size_t j = 0; j < origins.size(); ++j) {
                clash_[i * origins.size() + j] =
                    overlap(origins[i], origins[j]) &&
                    inside(origins[i], origins[j]) == inside(origins[j], origins[i]);
            }
        }
    }

    // The rows of one prefix and rank stand together: by origin, then by their start.
    void run() {
        const auto& rows = deck_.rows();
        for (std::size_t first = 0; first < rows.size();) {
            std::size_t end = first + 1;
            while (end < rows.size() && rows[end].rank == rows[first].rank &&
                   rows[end].prefix == rows[first].prefix) {
                end += 1;
            }
            for (std::size_t from = first; from < end;) {
                std::size_t to = from + 1;
                while (to < end && rows[to].key == rows[from].key) to += 1;
                check_times(from, to);
                check_origins(from, to, end);
                from = to;
            }
            first = end;
        }
        if (!deck_.keys_clash()) return;
        mistakes_.add(CatalogReason::deck_overlap, {deck_.name(), 0, 0},
                      "two origins of the deck get the same key",
                      "Give one of its origin sets another name.");
    }

  private:
    // Compared with the one that reaches furthest so far.
    void check_times(std::size_t from, std::size_t to) {
        const auto& rows = deck_.rows();
        const RateRow* furthest = &rows[from];
        for (std::size_t i = from + 1; i < to; ++i) {
            const RateRow& row = rows[i];
            if (row.valid_from < furthest->valid_until) {
                mistakes_.add(CatalogReason::deck_overlap, place_of(row),
                              fmt::format("{} is priced twice at the same time, also at {}",
                                          shown(row.prefix), furthest->place));
            }
            if (furthest->valid_until < row.valid_until) furthest = &row;
        }
    }

    // The rows from `from` to `to` against those of each other origin up to `end`.
    void check_origins(std::size_t from, std::size_t to, std::size_t end) {
        const auto& rows = deck_.rows();
        const std::size_t origin = rows[from].origin;
        while (origin != 0 && to < end && rows[to].origin != 0) {
            const std::size_t other = to;
            while (to < end && rows[to].key == rows[other].key) to += 1;
            const std::size_t pair = (origin - 1) * deck_.origins().size() + rows[other].origin - 1;
            if (clash_[pair]) check_together(from, other, to);
        }
    }

    // Both stretches go on in time, so one pass over both finds the first rows that meet.
    void check_together(std::size_t a, std::size_t b, std::size_t b_end) {
        const auto& rows = deck_.rows();
        const std::uint64_t key = rows[a].key;
        while (rows[a].key == key && b < b_end) {
            if (rows[a].valid_until <= rows[b].valid_from) {
                a += 1;
            } else if (rows[b].valid_until <= rows[a].valid_from) {
                b += 1;
            } else {
                return tell(rows[a], rows[b]);
            }
        }
    }

    void tell(const RateRow& a, const RateRow& b) {
        mistakes_.add(
            CatalogReason::ambiguous_origin, place_of(b),
            fmt::format("{} has two prices for the same calls: from {}, and from {} at {}",
                        shown(b.prefix), shown(deck_.origin_of(b)), shown(deck_.origin_of(a)),
                        a.place));
    }

    const Deck& deck_;
    Mistakes& mistakes_;
    std::vector<bool> clash_;  // by pair of origins
};

}  // namespace

void check_overlaps(const Deck& deck, Mistakes& mistakes) {
    OverlapCheck(deck, mistakes).run();
}

}  // namespace farthing::catalog
