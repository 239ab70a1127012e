// The description of a feed as text, with a comment on each guess.
#include <fmt/format.h>

#include "mediation/propose_guess.h"

namespace farthing::mediation {

namespace {

// A feed's name from its file's: small letters, digits and dashes, up to the first dot.
std::string name_for(std::string_view file_name) {
    std::string name;
    for (char c : file_name.substr(file_name.rfind('/') + 1)) {
        if (c == '.') break;
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    }
    return name.empty() ? "feed" : name;
}

// `header: {starts_with: HDR, count: 11-18}`, where the file has such a line.
std::string frame_text(std::string_view key, std::string_view line, std::string_view mark,
                       std::string_view figures) {
    if (line.empty()) return {};
    std::string parts;
    if (!mark.empty()) parts = fmt::format("starts_with: \"{}\"", mark);
    if (!figures.empty()) parts += fmt::format("{}{}", parts.empty() ? "" : ", ", figures);
    if (parts.empty()) return fmt::format(", {}: true", key);
    return fmt::format(", {}: {{{}}}", key, parts);
}

std::string format_text(const Sample& sample, const Guess& guess) {
    if (sample.format == FormatKind::json_lines)
        return "format: {json_lines: true}                # each line is a JSON object\n";
    if (sample.format == FormatKind::fixed_width) {
        return fmt::format(
            "format: {{fixed_width: true{}{}}}  # lines of one length; check where fields end\n",
            frame_text("header", sample.first_line, sample.first_mark, guess.head_figures),
            frame_text("trailer", sample.last_line, sample.last_mark, guess.tail_figures));
    }
    const std::string delimiter =
        sample.delimiter == '\t' ? "tab" : fmt::format("\"{}\"", sample.delimiter);
    return fmt::format("format: {{delimited: {}, header: {}{}}}       # {}\n", delimiter,
                       sample.header, sample.decimal_comma ? ", decimal_point: \",\"" : "",
                       sample.header ? "the first line names the fields"
                                     : "the first line looks like a record: columns count from 1");
}

std::string time_text(const Sample& sample, const Guess::Time& time) {
    if (time.clock == kNoColumn)
        return fmt::format("{{{}, time: \"{}\"}}", ref_text(sample, time.column), time.format);
    return fmt::format("{{join: [{{{}}}, {{{}}}], time: \"{}\"}}", ref_text(sample, time.column),
                       ref_text(sample, time.clock), time.format);
}

std::string quantity_text(const Sample& sample, const Guess& guess) {
    if (guess.quantities.empty()) return "1";
    if (!guess.quantity_place.empty())
        return fmt::format("{{{}, unit: {}}}", guess.quantity_place, guess.unit);
    if (guess.quantities.size() == 1)
        return fmt::format("{{{}, unit: {}}}", ref_text(sample, guess.quantities[0]), guess.unit);
    std::string sum;
    for (const std::size_t column : guess.quantities)
        sum += (sum.empty() ? "{" : ", {") + ref_text(sample, column) + "}";
    return fmt::format("{{sum: [{}], unit: {}}}", sum, guess.unit);
}

std::string record_text(const Sample& sample, const Guess& guess) {
    const std::string_view from = sample.has_names() ? "its name" : "what it holds";
    std::string out = "record:\n";
    if (guess.id != kNoColumn)
        out +=
            fmt::format("  id: {{{}}}  # different in all records\n", ref_text(sample, guess.id));
    out += fmt::format("  service: {{constant: {}}}  # guess: must be a meter of the catalog\n",
                       guess.service);
    out += fmt::format("  start: {}  # all records read so\n", time_text(sample, guess.start));
    if (guess.end.given())
        out += fmt::format("  end: {}  # guess from {}\n", time_text(sample, guess.end), from);
    out +=
        fmt::format("  quantity: {}  # {}\n", quantity_text(sample, guess),
                    guess.quantities.empty() ? "no field looks like a quantity: 1 per record"
                                             : fmt::format("guess from {}; check the unit", from));
    if (!guess.network.empty())
        out += fmt::format("  network: {}  # guess from {}\n", guess.network, from);
    if (guess.called != kNoColumn) {
        out += fmt::format(
            "  called: {{{}, number: {{}}}}  # guess: add `country:` if it holds national "
            "numbers\n",
            ref_text(sample, guess.called));
    }
    if (!guess.answered.empty())
        out += fmt::format("  answered: {}  # other calls count 0\n", guess.answered);
    for (const std::string& field : guess.other_fields)
        out += fmt::format("  # not used: {}\n", field);
    return out;
}

void tell_doubts(const Sample& sample, const Guess& guess, std::vector<std::string>& notes) {
    const std::string& format = guess.start.format;
    if (format.starts_with('%'))
        notes.push_back("Times carry no offset: set `time_zone` to the clock of the source.");
    if (format.starts_with("%d/%m/%Y") || format.starts_with("%m/%d/%Y"))
        notes.push_back("Check whether the day or the month comes first in the times.");
    if (guess.start.clock != kNoColumn && !guess.end.given())
        notes.push_back("If a field holds the duration, map it: `duration: {field: …}`.");
    if (guess.quantities.empty())
        notes.push_back("No field looks like a quantity: each record counts 1.");
    if (!guess.unit.empty())
        notes.push_back(fmt::format("Check that the quantity is in {}.", guess.unit));
    if (guess.id == kNoColumn)
        notes.push_back("No field names each record: two equal records count as one.");
    if (sample.format == FormatKind::fixed_width)
        notes.push_back(
            "The fields were told from their characters alone: check each against the "
            "description of the format, and those not used.");
    if (!sample.first_line.empty() && guess.head_figures.empty() && !sample.last_line.empty() &&
        guess.tail_figures.empty()) {
        notes.push_back(
            "No characters of the header or trailer name the number of records: add "
            "`count:` if they do.");
    }
}

Result<Guess> guess_of(std::string_view file_name, const Sample& sample) {
    if (sample.has_names()) return guess_by_names(file_name, sample);
    if (auto known = guess_asterisk(sample)) return *std::move(known);
    return guess_by_content(file_name, sample);
}

}  // namespace

std::string ref_text(const Sample& sample, std::size_t column) {
    if (sample.format == FormatKind::fixed_width) return "at: " + sample.names[column];
    if (!sample.has_names()) return "column: " + sample.names[column];
    std::string quoted = "field: \"";
    for (const char c : sample.names[column]) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

Result<std::string> write_proposal(std::string_view file_name, const Sample& sample,
                                   std::vector<std::string>& notes) {
    FARTHING_TRY(const Guess guess, guess_of(file_name, sample));
    tell_doubts(sample, guess, notes);
    std::string out = fmt::format("# Proposed from {} records; check each guess.\nfeed: \"{}\"\n",
                                  sample.rows.size(), name_for(file_name));
    out += format_text(sample, guess);
    out += "time_zone: UTC                            # guess: of times without an offset\n";
    out += record_text(sample, guess);
    out += fmt::format("guide: [{{by: {}, {}}}]  # guess: whose usage it is\n", guess.kind,
                       ref_text(sample, guess.identity));
    out += guess.id != kNoColumn
               ? "same_record: [id]  # a record with the same id is the same record\n"
               : "same_record: [identity, start, end, quantity]  # no field names "
                 "each record: check that these do\n";
    if (!guess.filter.empty())
        out +=
            fmt::format("filter: {}  # calls that were not answered cost nothing\n", guess.filter);
    out += "late: {accept: 35 days}\n";
    return out;
}

}  // namespace farthing::mediation
