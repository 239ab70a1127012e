// Lists: the same rows as a table for eyes, as JSON and CSV for programs.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/decimal.h"
#include "base/json.h"
#include "cli/command.h"

namespace farthing::cli {

class Listing {
  public:
    // Whole numbers stay numbers in JSON; money is text everywhere.
    using Cell = std::variant<std::string, std::int64_t>;
    explicit Listing(std::vector<std::string> columns) : columns_(std::move(columns)) {}
    // REQUIRES: as many cells as columns.
    void add(std::vector<Cell> cells);
    bool empty() const { return rows_.empty(); }
    void print(Context& context) const;
    void write_json(JsonWriter& json) const;

  private:
    std::string csv() const;
    std::string table() const;
    std::vector<std::string> columns_;
    std::vector<std::vector<Cell>> rows_;
};

// A message for people: to stderr, and not with --quiet.
void say(Context& context, const std::string& text);

}  // namespace farthing::cli
