#include <fmt/format.h>

#include "base/utf8.h"
#include "mediation/decode.h"
#include "mediation/decode_number.h"
#include "mediation/decode_source.h"
#include "mediation/edge_file.h"

namespace farthing::mediation {

namespace {

// Text in 16 or 32 bits to a character: with its byte order mark, or every other byte of the
// beginning is zero.
bool is_wide_text(std::string_view bytes) {
    if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) return true;
    const std::string_view sample = bytes.substr(0, 64);
    const auto zeros = static_cast<std::size_t>(std::ranges::count(sample, '\0'));
    return zeros * 3 >= sample.size() && zeros > 0;
}

void reject(Seal& seal, RejectReason why, std::string detail) {
    if (seal.rejected) return;  // the first that holds is told
    seal.rejected = why;
    seal.detail = std::move(detail);
}

// XML in another encoding would be read as wrong letters; a file that is cut short has lost
// records.
void check_document(const Feed& feed, const XmlReader& reader, Seal& seal) {
    seal.header = std::string(reader.outermost());
    constexpr std::string_view kEncodings[] = {"", "UTF-8", "utf-8", "UTF8", "US-ASCII", "ASCII"};
    if (std::ranges::find(kEncodings, reader.encoding()) == std::end(kEncodings)) {
        return reject(
            seal, RejectReason::encoding_unknown,
            fmt::format("its declaration says encoding \"{}\"", printable(reader.encoding(), 40)));
    }
    const std::string_view wanted =
        std::string_view(feed.xml_record).substr(0, feed.xml_record.find('/'));
    if (reader.outermost() != wanted) {
        return reject(seal, RejectReason::header_missing,
                      fmt::format("the outermost element is \"{}\", not \"{}\"",
                                  printable(reader.outermost(), 40), wanted));
    }
    if (!reader.complete())
        reject(seal, RejectReason::trailer_missing,
               fmt::format("the element \"{}\" is never closed", wanted));
}

void check_names(const Feed& feed, const DelimitedReader& reader, Seal& seal) {
    seal.header = std::string(reader.header());
    if (!feed.header) return;
    if (seal.header.empty())
        return reject(seal, RejectReason::header_missing,
                      "the file is empty: it has no line of field names");
    if (reader.unknown().empty()) return;
    std::string names;
    for (const std::string& name : reader.unknown()) names += (names.empty() ? "" : ", ") + name;
    reject(seal, RejectReason::header_unknown_fields,
           fmt::format("line 1 does not name each of these fields once: {}; it reads \"{}\"", names,
                       printable(seal.header, 200)));
}

// The figure that a header or trailer names against the one that the records give.
void check_figure(std::string_view line, std::string_view line_name, const FieldRef& ref,
                  RejectReason why, std::string_view figure, std::int64_t found, Seal& seal) {
    if (!ref.given()) return;
    const std::string_view text = trimmed(cut(line, ref));
    std::int64_t named = 0;
    if (!read_integer(text, named)) {
        return reject(seal, why,
                      fmt::format("the {} has no number at characters {}-{} but \"{}\"", line_name,
                                  ref.from, ref.to, printable(text)));
    }
    if (named == found) return;
    reject(seal, why,
           fmt::format("the {} names a {} of {}, the records give {}", line_name, figure, named,
                       found));
}

void check_frame(const Feed& feed, const FixedWidthReader& reader, std::int64_t sum, Seal& seal) {
    const auto missing = [](const Feed::Line& rules, std::string_view line_name) {
        return rules.starts_with.empty()
                   ? fmt::format("the file has no {} line", line_name)
                   : fmt::format("no {} line starts with \"{}\"", line_name, rules.starts_with);
    };
    if (feed.first.present && reader.first().empty()) {
        return reject(seal, RejectReason::header_missing, missing(feed.first, "header"));
    }
    if (feed.last.present && reader.last().empty()) {
        return reject(seal, RejectReason::trailer_missing, missing(feed.last, "trailer"));
    }
    const auto check = [&](const Feed::Line& rules, std::string_view line, std::string_view name) {
        check_figure(line, name, rules.count, RejectReason::count_mismatch, "count", seal.records,
                     seal);
        check_figure(line, name, rules.sum, RejectReason::sum_mismatch, "sum", sum, seal);
    };
    check(feed.first, reader.first(), "header");
    check(feed.last, reader.last(), "trailer");
    seal.header = std::string(reader.first().empty() ? reader.last() : reader.first());
}

// The sum of the quantity fields as they stand in the records; what is no number adds nothing, so
// that the sum differs.
std::int64_t sum_of(const FieldMap& map, const std::string_view* fields) {
    std::int64_t sum = 0;
    for (const Slot slot : map.quantities) {
        std::int64_t value = 0;
        if (read_integer(trimmed(fields[slot]), value)) sum += value;
    }
    return sum;
}

std::int64_t count(RecordReader& reader) {
    return std::visit(
        [](auto& of_format) {
            if constexpr (requires { of_format.count(); }) return of_format.count();
            std::int64_t records = 0;
            while (of_format.skip()) records += 1;
            return records;
        },
        reader);
}

void seal_fixed_width(const Feed& feed, const FieldMap& map, FixedWidthReader& reader, Seal& seal) {
    std::vector<std::string_view> fields(map.slots());
    RecordView record;
    std::int64_t sum = 0;
    while (reader.next(record, fields.data())) {
        seal.records += 1;
        if (record.fault != SuspenseReason::none) continue;
        if (__builtin_add_overflow(sum, sum_of(map, fields.data()), &sum)) {
            return reject(seal, RejectReason::sum_mismatch,
                          "the records sum up to more than any trailer can name");
        }
    }
    check_frame(feed, reader, sum, seal);
}

}  // namespace

Seal seal(const Feed& feed, std::string_view bytes) {
    Seal seal;
    if (is_wide_text(bytes)) {
        reject(seal, RejectReason::encoding_unknown,
               fmt::format("the file starts with \"{}\": text in UTF-16 or UTF-32",
                           printable(bytes.substr(0, 8))));
        return seal;
    }
    Arena arena;
    const FieldMap map(feed);
    RecordReader reader = reader_of(feed, map, bytes, {}, arena);
    if (auto* fixed_width = std::get_if<FixedWidthReader>(&reader)) {
        seal_fixed_width(feed, map, *fixed_width, seal);
        return seal;
    }
    seal.records = count(reader);
    if (feed.sent_by_edge()) seal_edge_file(feed, bytes, seal);
    if (const auto* delimited = std::get_if<DelimitedReader>(&reader)) {
        check_names(feed, *delimited, seal);
        seal.open_end = seal.records > 0 && !bytes.ends_with('\n');
    }
    if (const auto* xml = std::get_if<XmlReader>(&reader)) check_document(feed, *xml, seal);
    return seal;
}

}  // namespace farthing::mediation
