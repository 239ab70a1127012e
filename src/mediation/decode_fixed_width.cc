#include "mediation/decode_fixed_width.h"

namespace farthing::mediation {

namespace {

std::string_view first_line(std::string_view bytes) {
    return bytes.substr(0, bytes.find('\n'));
}

std::string_view without_blank_end(std::string_view bytes) {
    while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == '\r')) bytes.remove_suffix(1);
    return bytes;
}

}  // namespace

std::string_view cut(std::string_view line, const FieldRef& ref) {
    if (ref.to <= 0 || line.size() < static_cast<std::size_t>(ref.to)) return {};
    return line.substr(static_cast<std::size_t>(ref.from - 1),
                       static_cast<std::size_t>(ref.to - ref.from + 1));
}

FixedWidthReader::FixedWidthReader(const Feed& feed, const FieldMap& map, std::string_view bytes,
                                   std::string_view header)
    : map_(map) {
    bytes = without_mark(bytes);
    for (const FieldRef& ref : map.refs)
        width_min_ = std::max(width_min_, static_cast<std::size_t>(ref.to));
    if (header.empty()) take_frame(feed, bytes);
    cursor_ = bytes.data();
    end_ = cursor_ + bytes.size();
}

void FixedWidthReader::take_frame(const Feed& feed, std::string_view& bytes) {
    const auto is_line = [](const Feed::Line& rules, std::string_view line) {
        return rules.present && !line.empty() && line.starts_with(rules.starts_with);
    };
    if (is_line(feed.first, first_line(bytes))) {
        first_ = without_return(first_line(bytes));
        bytes.remove_prefix(std::min(bytes.size(), first_line(bytes).size() + 1));
        line_ = 2;
    }
    const std::string_view body = without_blank_end(bytes);
    const std::size_t newline = body.rfind('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    if (is_line(feed.last, body.substr(begin))) {
        last_ = body.substr(begin);
        bytes = bytes.substr(0, begin);
    }
}

bool FixedWidthReader::begin_record() {
    while (cursor_ != end_) {
        const bool returned = *cursor_ == '\r' && cursor_ + 1 != end_ && cursor_[1] == '\n';
        if (*cursor_ != '\n' && !returned) return true;
        cursor_ += returned ? 2 : 1;
        line_ += 1;
    }
    return false;
}

bool FixedWidthReader::next(RecordView& record, std::string_view* fields) {
    if (!begin_record()) return false;
    record.line = line_;
    record.raw = take_line(cursor_, end_);
    record.fault = SuspenseReason::none;
    line_ += 1;
    if (record.raw.size() < width_min_) {
        record.fault = SuspenseReason::missing_field;
        return true;
    }
    for (std::size_t slot = 1; slot < map_.refs.size(); ++slot) {
        const FieldRef& ref = map_.refs[slot];
        fields[slot] = {record.raw.data() + ref.from - 1,
                        static_cast<std::size_t>(ref.to - ref.from + 1)};
    }
    return true;
}

bool FixedWidthReader::skip() {
    if (!begin_record()) return false;
    take_line(cursor_, end_);
    line_ += 1;
    return true;
}

}  // namespace farthing::mediation
