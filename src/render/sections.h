// How the lines of a document stand together on paper. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "model/invoice.h"

namespace farthing::render {

// Lines of one service, and of one department inside it, in order of first appearance.
struct Department {
    std::string title;
    std::vector<const InvoiceLine*> lines;
};
struct Section {
    std::string service;
    std::vector<Department> departments;
};

std::vector<Section> sections_of(const Invoice& invoice);

}  // namespace farthing::render
