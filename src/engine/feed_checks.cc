// Feed descriptions without a data folder: checked, and proposed from a sample.
#include "engine/engine.h"
#include "mediation/feed.h"

namespace farthing::engine {

std::expected<std::string, Errors> check_feed(std::string_view path, std::string_view yaml) {
    auto feed = mediation::read_feed(path, yaml);
    if (!feed) return std::unexpected(std::move(feed).error());
    return std::move(feed->name);
}

Result<FeedProposal> propose_feed(std::string_view file_name, std::string_view first_bytes) {
    FARTHING_TRY(mediation::Proposal proposal, mediation::propose_feed(file_name, first_bytes));
    return FeedProposal{std::move(proposal.yaml), std::move(proposal.notes),
                        std::move(proposal.preview)};
}

}  // namespace farthing::engine
