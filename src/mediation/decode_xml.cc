#include "mediation/decode_xml.h"

#include <expat.h>

#include <limits>

#include "mediation/decode_path.h"

namespace farthing::mediation {

namespace {

bool ends_name(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '>' || c == '/' || c == '<';
}

std::vector<std::string> names_of(std::string_view path) {
    std::vector<std::string> names;
    while (true) {
        const std::size_t slash = path.find('/');
        names.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return names;
        path.remove_prefix(slash + 1);
    }
}

// encoding="..." of an XML declaration.
std::string_view declared_encoding(std::string_view declaration) {
    constexpr std::string_view kKey = "encoding";
    const std::size_t key = declaration.find(kKey);
    if (key == std::string_view::npos) return {};
    const std::size_t open = declaration.find_first_of("\"'", key + kKey.size());
    if (open == std::string_view::npos) return {};
    const std::size_t close = declaration.find(declaration[open], open + 1);
    if (close == std::string_view::npos) return {};
    return declaration.substr(open + 1, close - open - 1);
}

}  // namespace

// Parses one record. Entities can't be declared: a record has no document type.
struct XmlReader::Parser {
    explicit Parser(Arena& text_arena)
        : arena(text_arena), parser(XML_ParserCreate("UTF-8"), &XML_ParserFree) {}

    bool parse(std::string_view raw, std::string_view* into) {
        if (raw.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
        fields = into;
        open.clear();
        depth = 0;
        XML_ParserReset(parser.get(), "UTF-8");
        XML_SetUserData(parser.get(), this);
        XML_SetElementHandler(parser.get(), &on_start, &on_end);
        XML_SetCharacterDataHandler(parser.get(), &on_text);
        XML_SetStartDoctypeDeclHandler(parser.get(), &on_document_type);
        return XML_Parse(parser.get(), raw.data(), static_cast<int>(raw.size()), 1) ==
               XML_STATUS_OK;
    }

    PathNode root;

  private:
    static constexpr std::size_t kDepthMax = 64;
    struct Open {
        const PathNode* node;  // nullptr: nothing below is mapped
    };

    static void on_start(void* self, const XML_Char* name, const XML_Char** attributes) {
        static_cast<Parser*>(self)->start(name, attributes);
    }
    static void on_end(void* self, const XML_Char*) { static_cast<Parser*>(self)->end(); }
    static void on_text(void* self, const XML_Char* text, int size) {
        static_cast<Parser*>(self)->add_text({text, static_cast<std::size_t>(size)});
    }
    static void on_document_type(void* self, const XML_Char*, const XML_Char*, const XML_Char*,
                                 int) {
        static_cast<Parser*>(self)->stop();
    }

    void stop() { XML_StopParser(parser.get(), XML_FALSE); }

    // A mapped field that comes twice has no value that could be trusted.
    void store(Slot slot, std::string_view text) {
        if (fields[slot].data() != nullptr) return stop();
        fields[slot] = arena.copy(text);
    }

    void start(const XML_Char* name, const XML_Char** attributes) {
        if (++depth > kDepthMax) return stop();
        const PathNode* parent = open.empty() ? nullptr : open.back().node;
        const PathNode* node = open.empty()        ? &root
                               : parent == nullptr ? nullptr
                                                   : parent->find(name);
        open.push_back({node});
        text.clear();
        if (node == nullptr || node->children.empty()) return;
        for (; *attributes != nullptr; attributes += 2) {
            const PathNode* attribute = node->find(std::string("@") + attributes[0]);
            if (attribute != nullptr && attribute->slot != kNoSlot)
                store(attribute->slot, attributes[1]);
        }
    }

    void add_text(std::string_view part) {
        if (!open.empty() && open.back().node != nullptr && open.back().node->slot != kNoSlot)
            text += part;
    }

    void end() {
        const PathNode* node = open.back().node;
        open.pop_back();
        depth -= 1;
        if (node != nullptr && node->slot != kNoSlot) store(node->slot, text);
        text.clear();
    }

    Arena& arena;
    std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser;
    std::string_view* fields = nullptr;
    std::vector<Open> open;
    std::size_t depth = 0;
    std::string text;  // of the innermost open element
};

XmlReader::XmlReader(const Feed& feed, const FieldMap& map, std::string_view bytes,
                     std::string_view header, Arena& arena)
    : parser_(std::make_unique<Parser>(arena)),
      slots_(map.slots()),
      path_(names_of(feed.xml_record)) {
    if (!header.empty()) path_.erase(path_.begin(), path_.end() - 1);
    bytes = without_mark(bytes);
    cursor_ = bytes.data();
    counted_ = cursor_;
    end_ = cursor_ + bytes.size();
    for (Slot slot = 1; slot < map.refs.size(); ++slot)
        parser_->root.add(map.refs[slot].name, '/', slot);
}
XmlReader::XmlReader(XmlReader&&) noexcept = default;
XmlReader::~XmlReader() = default;

void XmlReader::count_lines(const char* at) {
    line_ += std::count(counted_, at, '\n');
    counted_ = at;
}

// Passes a comment and the like. One that never closes is passed by its opening alone, so that it
// can't swallow what follows.
bool XmlReader::pass_markup() {
    constexpr std::pair<std::string_view, std::string_view> kMarkup[] = {
        {"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    const std::string_view rest(cursor_, end_);
    for (std::size_t kind = 0; kind < std::size(kMarkup); ++kind) {
        const auto& [opening, closing] = kMarkup[kind];
        if (!rest.starts_with(opening)) continue;
        std::size_t size = opening.size();
        if (!never_closed_[kind]) {
            const std::size_t at = rest.find(closing, size);
            never_closed_[kind] = at == std::string_view::npos;
            if (at != std::string_view::npos) size = at + closing.size();
        }
        if (rest.starts_with("<?xml ") && encoding_.empty())
            encoding_ = declared_encoding(rest.substr(0, size));
        cursor_ += size;
        return true;
    }
    if (!rest.starts_with("<!")) return false;
    pass_document_type();
    return true;
}

// "<!DOCTYPE cdr [ ... ]>": what it declares is never used.
void XmlReader::pass_document_type() {
    int brackets = 0;
    for (; cursor_ != end_; ++cursor_) {
        if (*cursor_ == '[') brackets += 1;
        if (*cursor_ == ']') brackets -= 1;
        if (*cursor_ == '>' && brackets <= 0) break;
    }
    if (cursor_ != end_) ++cursor_;
}

// REQUIRES: the cursor stands on the mark of a tag. A mark inside of a tag breaks it.
void XmlReader::read_tag(Tag& tag) {
    tag.begin = cursor_++;
    tag.closing = cursor_ != end_ && *cursor_ == '/';
    if (tag.closing) ++cursor_;
    const char* const name = cursor_;
    while (cursor_ != end_ && !ends_name(*cursor_)) ++cursor_;
    tag.name = {name, cursor_};
    char quote = 0;
    for (; cursor_ != end_ && *cursor_ != '<'; ++cursor_) {
        if (quote != 0) {
            if (*cursor_ == quote) quote = 0;
        } else if (*cursor_ == '"' || *cursor_ == '\'') {
            quote = *cursor_;
        } else if (*cursor_ == '>') {
            const bool empty = cursor_[-1] == '/' && cursor_ - 1 != tag.begin;
            ++cursor_;
            tag.kind = tag.closing ? Tag::Kind::end : empty ? Tag::Kind::empty : Tag::Kind::start;
            return;
        }
    }
    tag.kind = Tag::Kind::broken;
}

bool XmlReader::next_tag(Tag& tag) {
    while (cursor_ != end_) {
        const void* found = std::memchr(cursor_, '<', static_cast<std::size_t>(end_ - cursor_));
        if (found == nullptr) break;
        cursor_ = static_cast<const char*>(found);
        if (pass_markup()) continue;
        read_tag(tag);
        return true;
    }
    cursor_ = end_;
    return false;
}

// Up to the end of the element; where the next record begins before it, or the file ends, the
// record is broken and ends there.
bool XmlReader::take_record(const Tag& opening, std::string_view& raw) {
    const std::string_view name = path_.back();
    Tag tag;
    while (next_tag(tag)) {
        if (tag.name != name) continue;
        if (!tag.closing) cursor_ = tag.begin;
        raw = {opening.begin, cursor_};
        return tag.kind == Tag::Kind::end;
    }
    raw = {opening.begin, cursor_};
    return false;
}

bool XmlReader::find_record(std::string_view& raw, bool& whole) {
    Tag tag;
    while (next_tag(tag)) {
        if (depth_ == 0 && outermost_.empty()) outermost_ = tag.name;
        const bool opens = tag.kind == Tag::Kind::start;
        const bool leads = !tag.closing && matched_ == depth_ && tag.name == path_[matched_];
        if (leads && matched_ + 1 == path_.size()) {
            raw = {tag.begin, cursor_};
            whole = tag.kind == Tag::Kind::empty;
            if (!whole) whole = take_record(tag, raw) && opens;
            closed_ = depth_ == 0 && whole;
            return true;
        }
        if (tag.kind == Tag::Kind::end) {
            if (depth_ > 0) depth_ -= 1;
            matched_ = std::min(matched_, depth_);
            closed_ = depth_ == 0;
        } else if (opens) {
            closed_ = false;
            matched_ += leads ? 1 : 0;
            depth_ += 1;
        }
    }
    return false;
}

bool XmlReader::next(RecordView& record, std::string_view* fields) {
    bool whole = false;
    std::string_view raw;
    if (!find_record(raw, whole)) return false;
    count_lines(raw.data());
    while (!raw.empty() && ends_name(raw.back()) && raw.back() != '>') raw.remove_suffix(1);
    record.line = line_;
    record.raw = raw;
    std::fill_n(fields, slots_, std::string_view{});
    record.fault =
        whole && parser_->parse(raw, fields) ? SuspenseReason::none : SuspenseReason::unparseable;
    return true;
}

bool XmlReader::skip() {
    bool whole = false;
    std::string_view raw;
    if (!find_record(raw, whole)) return false;
    count_lines(raw.data());
    return true;
}

}  // namespace farthing::mediation
