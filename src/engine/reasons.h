// Why the engine refuses what it is asked.
#pragma once

#include "base/reason.h"

namespace farthing {
#define FARTHING_ENGINE_REASONS(X)                                                                 \
    X(file_unreadable, "a file can't be read", "Check its path and permissions.")                  \
    X(catalog_unreadable, "the catalog's folder can't be read",                                    \
      "Name a folder with catalog.yaml in it.")                                                    \
    X(catalog_ground_changed, "a later version has another currency or time zone",                 \
      "Use a data folder of its own for it.")                                                      \
    X(catalog_none, "no catalog is published", "Publish one with `farthing catalog publish DIR`.") \
    X(feed_unknown, "no feed has that name",                                                       \
      "Add it with `farthing feed add FILE`, or mend the name.")                                   \
    X(feed_of_invoices, "the feed describes a carrier's invoices, not usage",                      \
      "Compare the file with `farthing carrier check CARRIER FILE`.")                              \
    X(suspense_empty, "nothing in suspense matches", "List it with `farthing suspense list`.")     \
    X(suspense_id_malformed, "that is no id of a waiting record",                                  \
      "Take one like sus-3-17, or online-12-0, from `farthing suspense show`.")                    \
    X(fix_empty, "nothing is corrected", "Say which field reads how.")                             \
    X(fix_of_online, "usage that was reported while it happened has no record to correct",         \
      "Retry it as it was reported, or drop it.")                                                  \
    X(fix_unsigned, "a correction says who made it and why", "Name both: they are kept.")          \
    X(id_malformed, "that is no id of a charge",                                                   \
      "Ask for an invoice line like INV-2026-0001/2, a record like rec-12-345, a charge like "     \
      "chg-12-s7-c3-20260601 or a prepaid account's fee like fee-12.")                             \
    X(charge_unknown, "no charge has that id", "List invoices with `farthing invoice list`.")      \
    X(quote_malformed, "the enquiry can't be read",                                                \
      "Name a meter of the catalog, a quantity such as `2 minute`, a network such as 248-01 and "  \
      "an amount such as 0.50.")                                                                   \
    X(quote_unpriced, "that usage has no price", "Mend it as `farthing help errors` says.")        \
    X(charge_malformed, "the charging request can't be read",                                      \
      "Name a session, a subscription, and per service a meter of the catalog and quantities.")    \
    X(account_does_not_pay, "the account does not pay: others pay for it",                         \
      "Name the account above it that pays, or let this one pay; a cap it may have.")              \
    X(amount_malformed, "that is no amount", "Write it as 50.00.")                                 \
    X(api_key_unknown, "no API key in use has that name", "List them with `farthing key list`.")   \
    X(reference_missing, "a top-up has no reference",                                              \
      "Name the payment: the same reference counts once.")                                         \
    X(carrier_unknown, "no catalog version has a carrier of that name",                            \
      "Write it under `carriers` of the catalog, or mend the name.")                               \
    X(carrier_invoice_undescribed, "no feed describes the carrier's invoices",                     \
      "Add one with `kind: carrier_invoice`: docs/how-to/check-a-carrier.md.")                     \
    X(carrier_invoice_ambiguous, "two feeds describe the carrier's invoices", "Keep one of them.") \
    X(amount_out_of_range, "a sum does not fit", "Check the prices of the catalog.")               \
    X(file_unknown, "no file of that name was taken in", "List them with `farthing file list`.")   \
    X(file_ambiguous, "several files have that name",                                              \
      "Name it by its id, such as file-3, from `farthing file list`.")                             \
    X(file_taken_back, "the file was taken back before", "Import it again if it should count.")    \
    X(file_empty, "nothing of the file was taken in", "There is nothing to take back.")            \
    X(file_half_read, "the file is half read, and its feed finds other records in it now",         \
      "Take it back (`farthing file undo`) and import it again, or finish it first by the feed "   \
      "as it was.")                                                                                \
    X(file_charged_online, "sessions of the file were charged while they happened",                \
      "Correct single records, or rate them again: such files can't be taken back.")               \
    X(file_of_inventory, "files of an inventory feed can't be taken back",                         \
      "Send a file with the numbers as they should be: the directory keeps its history.")          \
    X(charge_taken_back, "what the record was charged was taken back",                             \
      "`farthing file list` tells which files were.")                                              \
    X(file_waits, "records of the file wait for both sides of the rating",                         \
      "Retry or drop them first, or take the whole file back.")                                    \
    X(document_changed, "usage came after the document was prepared: it was prepared again",       \
      "Look at it, then send it again.")                                                           \
    X(reason_missing, "a correction says why", "Give the reason: it is kept.")                     \
    X(keys_not_kept, "an older release kept no keys of the file's records",                        \
      "Correct its charges by a note; files that came since can be taken back.")                   \
    X(no_price_again, "a record would have no price",                                              \
      "Mend the catalog or the directory for its event time, or leave it out.")                    \
    X(counter_disagrees, "a counter does not hold what the archive says it does",                  \
      "Ask `farthing check`, and restore the data folder from a backup.")                          \
    X(feed_without_windows, "the feed aggregates nothing",                                         \
      "Write `aggregate` in its description, then ask again.")                                     \
    X(windows_keep_policy, "the feed has usage in windows of `max`, `last` or `distinct`",         \
      "Give the description another name: its windows then begin anew.")                           \
    X(windows_go_on, "later files were charged what they added to the file's windows",             \
      "Take these back first, the last one before the others; then import them again.")            \
    X(feed_is_policy, "that is the policy of an edge, not a feed of this data folder",             \
      "Add what `farthing edge feed` prints for it.")                                              \
    X(edge_name_malformed,                                                                         \
      "the name of an edge is letters, digits, dots, hyphens and underscores",                     \
      "Write it as gw-7.")                                                                         \
    X(edge_policy_unfit, "an edge can't work by that description",                                 \
      "Take what `farthing edge policy` prints at the centre: delimited or JSON lines where "      \
      "records come as a stream, no rule for destinations, and no `distinct`.")                    \
    X(edge_policy_changed, "the edge works by another policy",                                     \
      "Send what it holds by the old one (--all), then begin under a new name.")                   \
    X(edge_state_damaged, "what the edge remembers is damaged",                                    \
      "Begin under a new name; restore its folder from a backup only if nothing was sent since.")  \
    X(edge_busy, "another process works as this edge", "Wait for it, or end it.")                  \
    X(edge_file_taken, "a file of that name lies there, and this edge did not send it",            \
      "Another edge has its name, or it lost its folder and began anew: give it another name.")    \
    X(rerate_nothing, "no usage matches", "Widen the selection.")                                  \
    X(rerate_prefix_malformed, "a prefix is digits", "Write it as called numbers begin: 447.")     \
    X(charge_name_unknown, "no usage charge has that name",                                        \
      "Write plan/charge, as `farthing catalog show` tells it.")                                   \
    X(usage_deleted, "the usage was deleted for its age",                                          \
      "Ask for days since then: `farthing archive deletions` tells what was deleted, by whom "     \
      "and why.")                                                                                  \
    X(deletion_unsigned, "a deletion says who asked for it and why", "Name both: they are kept.")  \
    X(voucher_order_malformed, "those vouchers can't be made",                                     \
      "Give them a name, an amount, how many (up to 100000 at once), and an end of validity.")     \
    X(voucher_batch_unknown, "no vouchers of that name were made",                                 \
      "List them with `farthing voucher list`.")                                                   \
    X(voucher_unknown, "no voucher has that code", "Look at the code again, sign for sign.")       \
    X(voucher_not_yet, "the voucher is not valid yet", "Redeem it from its first day on.")         \
    X(voucher_expired, "the voucher is no longer valid", "Ask where it was sold.")                 \
    X(voucher_blocked, "the voucher is blocked", "Ask where it was sold.")                         \
    X(voucher_guesses, "too many codes were wrong in the last hour", "Try again in an hour.")      \
    X(transfer_to_itself, "the money would go where it comes from", "Name two accounts.")          \
    X(transfer_of_postpaid, "the account has no money of its own: it pays later",                  \
      "Top it up, or set a credit limit.")                                                         \
    X(transfer_not_covered, "the balance does not cover it",                                       \
      "Move less, or top the account up: what is held for open sessions can't be moved.")          \
    X(package_unknown, "the owner has no plan with that package",                                  \
      "`farthing catalog show` lists the packages of each plan.")                                  \
    X(package_ambiguous, "two plans of the owner have that package", "Write PLAN/PACKAGE.")        \
    X(package_not_covered, "the balance does not cover the package",                               \
      "Top the account up: what is held for open sessions can't be spent.")                        \
    X(package_over, "the package's days are over before it is bought",                             \
      "Name a later first day; `farthing bucket give` gives one for days that are over.")          \
    X(bucket_owner_unfit, "the usage that the package covers is counted elsewhere",                \
      "Buy it for whom the usage is counted: the subscription, group or account that shares it.")  \
    X(recharge_malformed, "so often is not possible", "A day or a month has 1 to 1000 of them.")   \
    X(recharge_circle, "the money would come from the account itself, by rules of others",         \
      "Name a source that does not lead back to it.")                                              \
    X(webhook_malformed, "the webhook can't be read",                                              \
      "Give a name and an address such as https://example.org/farthing; events are evt-12, or "    \
      "evt-12..evt-40.")                                                                           \
    X(webhook_unknown, "no webhook has that name", "List them with `farthing webhook list`.")      \
    X(webhook_event_unknown, "there is no such event",                                             \
      "List the events with `farthing webhook events`.")                                           \
    X(check_unknown, "there is no check of that name",                                             \
      "Use usage, quantities, windows, ledger, archive, settlement, documents, database, files, "  \
      "numbers, edges, anomalies or all.")
FARTHING_REASON_ENUM(EngineReason, FARTHING_ENGINE_REASONS)
}  // namespace farthing

namespace farthing::engine {

// Thrown only from callbacks that pure rooms call back into (loading a block of counters, a dedup
// segment) and caught where the engine called that room: those rooms can't know what a database is.
struct StoreFailure {
    Error error;
};

}  // namespace farthing::engine
