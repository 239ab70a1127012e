// Bodies of Nchf are read or refused with a cause; what is said again keeps its name.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "nchf/charging_answer.h"
#include "nchf/charging_data.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    (void)nchf::target_of("POST", body);
    const auto read = nchf::read_charging_data(body);
    if (!read) {
        if (read.error().cause.empty() || read.error().detail.empty()) std::abort();
        (void)nchf::write_problem(read.error());
        return 0;
    }
    const auto again = nchf::read_charging_data(body);
    if (!again || again->content != read->content) std::abort();
    const std::string reference = nchf::reference_of(*read);
    const std::string path = std::string(nchf::kResource) + "/" + reference + "/update";
    const auto target = nchf::target_of("POST", path);
    if (!target || target->reference != reference) std::abort();
    nchf::ChargingAnswer answer;
    answer.stamp = read->stamp;
    for (const nchf::UnitUsage& usage : read->usages)
        answer.units.push_back({usage.group, "SUCCESS", usage.requested, 60, true, usage.upf});
    (void)nchf::write_answer(answer);
    return 0;
}
