#include "render/sections.h"

#include <map>
#include <string_view>
#include <utility>

namespace farthing::render {
namespace {

// What a person credits or debits of the whole document belongs to no service.
std::string_view section_of(const InvoiceLine& line) {
    if (!line.service.empty()) return line.service;
    return line.kind == LineKind::adjustment ? "Adjustments" : "Services";
}

}  // namespace

std::vector<Section> sections_of(const Invoice& invoice) {
    std::vector<Section> sections;
    std::map<std::string_view, std::size_t> services;
    std::map<std::pair<std::size_t, std::string_view>, std::size_t> departments;
    for (const InvoiceLine& line : invoice.lines) {
        const std::string_view title = section_of(line);
        const auto [service, new_service] = services.try_emplace(title, sections.size());
        if (new_service) sections.push_back({std::string(title), {}});
        std::vector<Department>& within = sections[service->second].departments;
        const auto [department, new_department] =
            departments.try_emplace({service->second, line.department_title}, within.size());
        if (new_department) within.push_back({line.department_title, {}});
        within[department->second].lines.push_back(&line);
    }
    return sections;
}

}  // namespace farthing::render
