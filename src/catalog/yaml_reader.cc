#include "catalog/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/utf8.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kFileBytesMax = 8 * 1024 * 1024;
constexpr std::size_t kDepthMax = 24;
constexpr std::size_t kNodesMax = 500'000;

// Builds the tree from yaml-cpp's events. After the first mistake it lets the rest pass unread.
class TreeBuilder final : public YAML::EventHandler {
  public:
    TreeBuilder(std::string_view file, Mistakes& mistakes) : file_(file), mistakes_(mistakes) {}

    Node take() { return stopped_ ? Node{} : std::move(root_); }
    bool stopped() const { return stopped_; }

    void OnDocumentStart(const YAML::Mark& mark) override {
        documents_ += 1;
        if (documents_ < 2) return;
        stop(CatalogReason::syntax, mark, "a second document begins here (---)",
             "Keep one document per file; further files are merged.");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (admit(mark, "", anchor)) place_value(Node(Node::Kind::null, place_of(mark)));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark); }
    void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuse_anchor(mark); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        if (!admit(mark, tag, anchor)) return;
        if (wants_key()) return open_field(mark, value);
        place_value(Node(Node::Kind::scalar, place_of(mark), value));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        if (admit(mark, tag, anchor)) open(mark, Node::Kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        if (admit(mark, tag, anchor)) open(mark, Node::Kind::map);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        Node node;
        std::set<std::string> names;
        bool key_read = false;
    };

    Place place_of(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

    void stop(CatalogReason reason, const YAML::Mark& mark, std::string message,
              std::string mend = {}) {
        if (!stopped_) mistakes_.add(reason, place_of(mark), std::move(message), std::move(mend));
        stopped_ = true;
    }

    void refuse_anchor(const YAML::Mark& mark) {
        stop(CatalogReason::not_supported, mark, "anchors and aliases (& and *) are not read",
             "Write the value where it is used: readers of a price should not have to search it.");
    }

    bool admit(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (stopped_) return false;
        if (anchor != 0) refuse_anchor(mark);
        if (!tag.empty() && tag != "?" && tag != "!") {
            stop(CatalogReason::not_supported, mark,
                 fmt::format("the tag `{}` is not read", printable(tag)), "Take the tag out.");
        }
        nodes_ += 1;
        if (nodes_ > kNodesMax) {
            stop(CatalogReason::too_large, mark, fmt::format("more than {} values", kNodesMax));
        }
        return !stopped_;
    }

    bool wants_key() const {
        return !open_.empty() && open_.back().node.kind == Node::Kind::map &&
               !open_.back().key_read;
    }

    void open_field(const YAML::Mark& mark, const std::string& name) {
        Open& map = open_.back();
        if (name == "<<") return refuse_anchor(mark);
        if (!map.names.insert(name).second) {
            const Place first = map.node.field(name)->place;
            return stop(CatalogReason::duplicate_key, mark,
                        fmt::format("the key `{}` stands twice, first at {}", printable(name),
                                    first.to_string()));
        }
        map.node.fields.push_back({name, place_of(mark), Node(Node::Kind::null, place_of(mark))});
        map.key_read = true;
    }

    void open(const YAML::Mark& mark, Node::Kind kind) {
        if (wants_key()) {
            return stop(CatalogReason::syntax, mark, "a list or a map stands where a key should be",
                        "Write `key: value`, and close each [ and {.");
        }
        if (open_.size() >= kDepthMax) {
            return stop(CatalogReason::too_large, mark,
                        fmt::format("nested deeper than {} levels", kDepthMax));
        }
        open_.push_back({Node(kind, place_of(mark)), {}, false});
    }

    void close() {
        if (stopped_ || open_.empty()) return;
        Node done = std::move(open_.back().node);
        open_.pop_back();
        place_value(std::move(done));
    }

    void place_value(Node value) {
        if (open_.empty()) {
            root_ = std::move(value);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == Node::Kind::list) {
            parent.node.items.push_back(std::move(value));
        } else if (parent.key_read) {
            parent.node.fields.back().value = std::move(value);
            parent.key_read = false;
        } else {
            mistakes_.add(CatalogReason::syntax, value.place, "a key is empty",
                          "Write `key: value`.");
            stopped_ = true;
        }
    }

    std::string_view file_;
    Mistakes& mistakes_;
    std::vector<Open> open_;
    Node root_;
    std::size_t nodes_ = 0;
    int documents_ = 0;
    bool stopped_ = false;
};

// yaml-cpp speaks of "map" and "scanner"; what people do wrong nearly always is a tab or the
// indentation.
std::string mend_for(std::string_view text, int line) {
    std::size_t start = 0;
    for (int i = 0; i < line && start != std::string_view::npos; ++i) {
        start = text.find('\n', start);
        if (start != std::string_view::npos) start += 1;
    }
    if (start == std::string_view::npos) return {};
    const std::string_view rest = text.substr(start, text.find('\n', start) - start);
    const std::size_t indent = rest.find_first_not_of(" \t");
    if (rest.substr(0, indent).find('\t') == std::string_view::npos) return {};
    return "A tab indents this line; indent with spaces.";
}

}  // namespace

bool check_text(std::string_view file, std::string_view text, Mistakes& mistakes) {
    int line = 1;
    std::size_t line_start = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        const std::size_t length = utf8_length(text.substr(at));
        const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
        if (length == 0 || control) {
            const Place place{file, line, static_cast<int>(at - line_start) + 1};
            mistakes.add(
                CatalogReason::not_text, place,
                fmt::format("{} `{}`", control ? "a control character" : "a byte that is no UTF-8",
                            printable(text.substr(at, 1))));
            return false;
        }
        at += length;
        if (c == '\n') {
            line += 1;
            line_start = at;
        }
    }
    return true;
}

Node read_yaml(std::string_view file, const std::string& text, Mistakes& mistakes) {
    if (text.size() > kFileBytesMax) {
        mistakes.add(CatalogReason::too_large, {file, 0, 0},
                     fmt::format("{} bytes, at most {} are read", text.size(), kFileBytesMax));
        return {};
    }
    if (!check_text(file, text, mistakes)) return {};
    TreeBuilder builder(file, mistakes);
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        while (!builder.stopped() && parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& error) {
        if (!builder.stopped()) {
            mistakes.add(CatalogReason::syntax, {file, error.mark.line + 1, error.mark.column + 1},
                         error.msg, mend_for(text, error.mark.line));
        }
        return {};
    }
    return builder.take();
}

}  // namespace farthing::catalog
