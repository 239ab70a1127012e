// Columns for a terminal, as wide as their widest cell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace farthing::render {

enum class Align : unsigned char { left, right };

// How many columns a terminal gives the text: code points, wide East Asian ones and emoji twice,
// combining ones not.
std::size_t columns_of(std::string_view text);

class TextTable {
  public:
    struct Column {
        std::string heading;
        Align align = Align::left;
    };
    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // REQUIRES: as many cells as columns. Control characters are shown as \xNN.
    void add(std::vector<std::string> cells);
    std::string text() const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace farthing::render
