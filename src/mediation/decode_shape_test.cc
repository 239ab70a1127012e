// A JSON line reads the same wherever it stands: behind lines of its shape, of others, and alone.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mediation/decode_json_lines.h"
#include "mediation/test_feeds.h"

namespace farthing::mediation {
namespace {

Feed shape_feed() {
    return feed_of(
        "feed: f\nformat: {json_lines: true}\nrecord:\n  id: {field: id}\n"
        "  service: {constant: energy}\n  start: {field: time, time: rfc3339}\n"
        "  quantity: {field: data.energy, unit: joule}\n"
        "  keep: {light: {field: data.light}, fault: {field: data.list.1}}\n"
        "guide: [{by: device, field: subject}]\nsame_record: [id]\n");
}

// A record as text: its line, what is wrong with it, and its mapped fields.
std::vector<std::string> read_all(const Feed& feed, const std::string& bytes) {
    const FieldMap map(feed);
    Arena arena;
    JsonLinesReader reader(feed, map, bytes, arena);
    std::vector<std::string_view> fields(map.slots());
    std::vector<std::string> records;
    for (RecordView record; reader.next(record, fields.data());) {
        std::string& text = records.emplace_back(record.raw);
        if (record.fault != SuspenseReason::none) text += " !";
        for (Slot slot = 1; slot < map.unwanted() && record.fault == SuspenseReason::none; ++slot) {
            if (fields[slot].data() == nullptr) continue;
            text += " " + map.refs[slot].name + "=" + std::string(fields[slot]);
        }
    }
    return records;
}

void expect_each_as_alone(const std::vector<std::string>& lines) {
    const Feed feed = shape_feed();
    std::string together;
    std::vector<std::string> alone;
    for (const std::string& line : lines) {
        together += line + "\n";
        for (std::string& one : read_all(feed, line)) alone.push_back(std::move(one));
    }
    RC_ASSERT(read_all(feed, together) == alone);
}

TEST(JsonShapes, LinesOfOneShape) {
    const Feed feed = shape_feed();
    const std::string first = R"({"id":"1","x":true,"data":{"energy":7,"list":[1,-2.5e3]}})";
    const std::string second = R"({"id":"","x":true,"data":{"energy":-80,"list":[11,0]}})";
    EXPECT_EQ(read_all(feed, first + "\n" + second + "\r\n" + first + "\n" + std::string(64, '\n')),
              (std::vector<std::string>{first + " id=1 data.list.1=-2.5e3 data.energy=7",
                                        second + " id= data.list.1=0 data.energy=-80",
                                        first + " id=1 data.list.1=-2.5e3 data.energy=7"}));
}

// What stands in every line of a shape is what that line says, not what an earlier one did.
TEST(JsonShapes, TextsThatTheParserIsAskedFor) {
    for (const std::string value :
         {R"("a\"b")", R"("\u0061")", "\"\xc3\xa4\"", "\"\xc3\"", "\"a\tb\"", "true", "null", "12",
          "{}", "[1]", "\"\"", "1 2", "01", "-", "\"a\" \"b\"", R"("a","id":"b")"}) {
        const std::string plain = R"({"id":"a","data":{"energy":7}})";
        const std::string other = R"({"id":)" + value + R"(,"data":{"energy":7}})";
        const Feed feed = shape_feed();
        const auto alone = read_all(feed, other);
        const auto behind = read_all(feed, plain + "\n" + plain + "\n" + other + "\n" + plain);
        ASSERT_EQ(behind.size(), 4U) << value;
        EXPECT_EQ(behind[2], alone.front()) << value;
        EXPECT_EQ(behind[3], behind[0]) << value;
    }
}

const std::vector<std::string> kTemplates = {
    R"({"id":T,"time":T,"subject":T,"data":{"energy":N,"light":N}})",
    R"({"data":{"energy":N,"list":[N,N,{"x":T}]},"other":{"id":T},"id":T})",
    R"({ "id" : T , "subject" : V,"data" : {"light":V ,"energy": N } , "more":[T,N] } )",
    R"({"id":V,"list":[N],"data":{"list":[T,V],"energy":V},"time":T})",
    R"({"id":T,"subject":V,"id2":N,"data":N})"};
const std::vector<std::string> kTexts = {"a",
                                         "",
                                         "L-000012",
                                         "2026-06-01T00:00:00Z",
                                         "forty characters of text, or rather more than that",
                                         R"(a\\b)",
                                         R"(\")",
                                         "\xc3\xa4",
                                         "\xff",
                                         "\t",
                                         "}",
                                         ",",
                                         ":"};
const std::vector<std::string> kNumbers = {"0",   "7",  "-12", "2400", "1.5",
                                           "1e3", "01", "1x",  "+1",   ""};
const std::vector<std::string> kValues = {"true", "false", "null", "{}", "[]", "tru"};

RC_GTEST_PROP(JsonShapes, EachLineReadsAsAlone, ()) {
    const auto one_of = [](const std::vector<std::string>& some, std::size_t most) {
        return some[*rc::gen::inRange<std::size_t>(0, std::min(most, some.size()))];
    };
    const auto shapes = *rc::gen::inRange<std::size_t>(1, kTemplates.size() + 1);
    const bool plain = *rc::gen::arbitrary<bool>();  // most lines of real sources
    std::vector<std::string> lines(*rc::gen::inRange<std::size_t>(1, 40));
    for (std::string& line : lines) {
        for (const char c : one_of(kTemplates, shapes)) {
            const char kind = c == 'V' ? "TNV"[*rc::gen::inRange(0, 3)] : c;
            if (kind == 'T') {
                line += '"' + one_of(kTexts, plain ? 5 : SIZE_MAX) + '"';
            } else if (kind == 'N') {
                line += one_of(kNumbers, plain ? 6 : SIZE_MAX);
            } else if (kind == 'V') {
                line += one_of(kValues, plain ? 3 : SIZE_MAX);
            } else {
                line += c;
            }
        }
        if (*rc::gen::inRange(0, 8) == 0) line += '\r';
    }
    expect_each_as_alone(lines);
}

}  // namespace
}  // namespace farthing::mediation
