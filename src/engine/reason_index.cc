#include "engine/reason_index.h"

#include "assurance/finding.h"
#include "billing/bill.h"
#include "catalog/deck_import.h"
#include "charging/request.h"
#include "charging/session.h"
#include "directory/directory.h"
#include "engine/reasons.h"
#include "mediation/decode_fix.h"
#include "mediation/dedup.h"
#include "mediation/feed.h"
#include "mediation/windows_check.h"
#include "model/outcome.h"
#include "render/reasons.h"
#include "settlement/carrier_check.h"
#include "store/store.h"

namespace farthing::engine {

std::vector<ReasonGroup> reason_groups() {
    return {
        {"Suspense: records that wait", reasons_of<SuspenseReason>()},
        {"Refused files", reasons_of<RejectReason>()},
        {"Catalogs", reasons_of<CatalogReason>()},
        {"Vendors' price files", reasons_of<DeckReason>()},
        {"Feed descriptions", reasons_of<FeedReason>()},
        {"Keys of duplicates", reasons_of<DedupReason>()},
        {"Windows that a catalog refuses", reasons_of<WindowReason>()},
        {"Accounts and subscriptions", reasons_of<DirectoryReason>()},
        {"Bill runs", reasons_of<BillingReason>()},
        {"Documents", reasons_of<DocumentReason>()},
        {"Corrections of waiting records", reasons_of<FixReason>()},
        {"Findings of assurance", reasons_of<FindingReason>()},
        {"Differences from a carrier's invoice", reasons_of<CarrierDifference>()},
        {"Charging while usage happens", reasons_of<ChargeReason>()},
        {"Kept sessions", reasons_of<KeptSessionReason>()},
        {"Engine", reasons_of<EngineReason>()},
        {"Data folder", reasons_of<StoreReason>()},
    };
}

}  // namespace farthing::engine
