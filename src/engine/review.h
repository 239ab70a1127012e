// New documents beside an account's earlier ones, before anything is sent. Private to this room.
#pragma once

#include <map>
#include <vector>

#include "assurance/finding.h"
#include "engine/document_run.h"
#include "engine/state.h"

namespace farthing::engine {

class Review {
  public:
    explicit Review(Engine::State& state) : state_(state) {}

    // `rows`: the documents there are.
    void open(const std::vector<DocumentRun::Row>& rows);
    // What is unusual about a document that was not sent yet.
    Result<std::vector<Finding>> look_at(const Invoice& invoice);

  private:
    struct Sent {
        InvoiceId id;
        DatePeriod period;
        Currency currency;
        std::int64_t payable_atoms = 0;
    };
    std::vector<Sent> earlier_than(const Invoice& invoice) const;
    Finding finding(const Invoice& invoice, FindingReason kind, std::string text) const;
    void look_at_total(const Invoice& invoice, const std::vector<Sent>& earlier,
                       std::vector<Finding>& found) const;
    Result<void> look_at_usage(const Invoice& invoice, const std::vector<Sent>& earlier,
                               std::vector<Finding>& found) const;

    Engine::State& state_;
    std::map<AccountId, std::vector<Sent>> sent_;
};

}  // namespace farthing::engine
