// Cutting quantities over days into lines (EC69), keeping which department has which units of a
// line.
#pragma once

#include <map>
#include <vector>

#include "base/civil.h"
#include "base/int128.h"
#include "model/ids.h"

namespace farthing::billing {

// What comes and goes on a day, per department. 128 bits: no sum of 64-bit quantities over days
// leaves them.
using QuantityChanges = std::map<Date, std::map<AccountId, i128>>;

struct DepartmentLine {
    i128 quantity = 0;
    DatePeriod period;
    std::map<AccountId, i128> unit_days;  // sums to quantity × days
};

// Changes before `cycle` make up its opening level; those after it are passed over.
std::vector<DepartmentLine> cut_department_lines(const QuantityChanges& changes, DatePeriod cycle);

// Quantity × days within `cycle`, per department.
std::map<AccountId, i128> unit_days(const QuantityChanges& changes, DatePeriod cycle);

}  // namespace farthing::billing
