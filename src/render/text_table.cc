#include "render/text_table.h"

#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "base/utf8.h"

namespace farthing::render {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kCellMax = 1'000;

std::uint32_t code_point(std::string_view sequence) {
    const auto lead = static_cast<unsigned char>(sequence.front());
    if (sequence.size() == 1) return lead;
    std::uint32_t point = lead & (0xFFU >> (sequence.size() + 1));
    for (const char c : sequence.substr(1))
        point = (point << 6) | (static_cast<unsigned char>(c) & 0x3FU);
    return point;
}

std::size_t width_of(std::uint32_t point) {
    const auto within = [point](std::uint32_t first, std::uint32_t last) {
        return point >= first && point <= last;
    };
    if (within(0x300, 0x36F) || within(0x200B, 0x200F) || within(0xFE00, 0xFE0F)) return 0;
    const bool wide = within(0x1100, 0x115F) || within(0x2E80, 0xA4CF) || within(0xAC00, 0xD7A3) ||
                      within(0xF900, 0xFAFF) || within(0xFE30, 0xFE6F) || within(0xFF00, 0xFF60) ||
                      within(0x1F300, 0x1FAFF) || within(0x20000, 0x3FFFD);
    return wide ? 2 : 1;
}

void pad(std::string& line, const std::string& cell, std::size_t width, Align align) {
    const std::size_t rest = width - std::min(width, columns_of(cell));
    if (align == Align::right) line.append(rest, ' ');
    line += cell;
    if (align == Align::left) line.append(rest, ' ');
}

void trim_end(std::string& line) {
    line.erase(line.find_last_not_of(' ') + 1);
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const std::size_t length = std::max<std::size_t>(utf8_length(text), 1);
        columns += width_of(code_point(text.substr(0, length)));
        text.remove_prefix(length);
    }
    return columns;
}

void TextTable::add(std::vector<std::string> cells) {
    FARTHING_ASSERT(cells.size() == columns_.size());
    for (std::string& cell : cells) cell = printable(cell, kCellMax);
    rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = columns_of(columns_[i].heading);
        for (const auto& row : rows_) width = std::max(width, columns_of(row[i]));
        widths.push_back(width);
    }
    std::string out;
    const auto put = [&](auto&& cell_of) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (i > 0) line.append(kGap, ' ');
            pad(line, cell_of(i), widths[i], columns_[i].align);
        }
        trim_end(line);
        out += line + "\n";
    };
    put([&](std::size_t i) -> const std::string& { return columns_[i].heading; });
    for (const auto& row : rows_) put([&](std::size_t i) -> const std::string& { return row[i]; });
    return out;
}

}  // namespace farthing::render
