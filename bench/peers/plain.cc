// What an engineer would write for the same answer without a library: hash tables of strings, whole
// numbers, one pass. Nothing is durable. plain CARDS PRICES FILE…; prints account,nano_eur.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace {

std::vector<std::string_view> split(std::string_view line, char separator) {
    std::vector<std::string_view> fields;
    while (true) {
        const std::size_t end = line.find(separator);
        fields.push_back(line.substr(0, end));
        if (end == std::string_view::npos) return fields;
        line.remove_prefix(end + 1);
    }
}

template <class Row>
void each_row(const std::string& path, char separator, Row row) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);  // names
    while (std::getline(in, line)) row(split(line, separator));
}

std::int64_t number(std::string_view text) {
    return std::strtoll(std::string(text).c_str(), nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    std::unordered_map<std::string, std::string> account_of;
    each_row(argv[1], ',', [&](const auto& f) { account_of.emplace(f[0], f[1]); });
    std::unordered_map<std::string, std::int64_t> nano_of;  // EUR a byte, times a thousand million
    each_row(argv[2], ',', [&](const auto& f) { nano_of.emplace(f[0], number(f[1])); });
    std::unordered_set<std::string> seen;
    std::unordered_map<std::string, std::int64_t> totals;
    for (int i = 3; i < argc; ++i) {
        each_row(argv[i], ';', [&](const auto& f) {
            std::string session(f[0]);
            session.append(f[1]).append(f[2]);
            if (!seen.insert(std::move(session)).second) return;
            const auto account = account_of.find(std::string(f[2]));
            if (account == account_of.end()) return;
            std::string network(f[5]);
            network.append("-").append(f[6]);
            totals[account->second] += (number(f[3]) + number(f[4])) * nano_of.at(network);
        });
    }
    for (const auto& [account, nano] : totals) std::cout << account << ',' << nano << '\n';
}
