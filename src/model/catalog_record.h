// A published catalog version as it is stored: its text, never changed again.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "model/ids.h"

namespace farthing {

struct CatalogFile {
    std::string path;  // relative to the catalog's folder, "/" as separator
    std::string text;
    bool operator==(const CatalogFile&) const = default;
};

struct CatalogRecord {
    VersionNo version;
    std::string name;
    Instant valid_from;
    std::string hash;                // SHA-256 over paths and texts
    std::vector<CatalogFile> files;  // sorted by path
};

// Names to ids that stay the same over versions: ids are given in order of first use and never
// again.
class NameTable {
  public:
    enum class Kind : unsigned char { meter = 1, plan, component, partner };
    struct Row {
        Kind kind;
        std::string name;  // a component's is "plan/charge"
        std::uint32_t id;
        bool operator==(const Row&) const = default;
    };

    NameTable() = default;
    explicit NameTable(std::vector<Row> rows);
    // The id of that name, a new one where it has none yet.
    std::uint32_t id_of(Kind kind, std::string_view name);
    // Empty when unknown.
    std::string name_of(Kind kind, std::uint32_t id) const;
    const std::vector<Row>& rows() const { return rows_; }  // in order of first use

  private:
    std::vector<Row> rows_;
    std::map<std::pair<Kind, std::string>, std::uint32_t, std::less<>> ids_;
    std::map<Kind, std::uint32_t> last_;
};

}  // namespace farthing
