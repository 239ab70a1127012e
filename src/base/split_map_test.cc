#include "base/split_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "base/hash.h"

namespace farthing {
namespace {

struct HashOfText {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return hash64(text); }
};

TEST(SplitMap, HoldsWhatAnOrdinaryMapHolds) {
    SplitMap<std::string, int, HashOfText> split;
    std::map<std::string, int> plain;
    std::mt19937 random(7);
    for (int i = 0; i < 50'000; ++i) {
        const std::string key = "session-" + std::to_string(random() % 3'000);
        switch (random() % 3) {
            case 0: EXPECT_EQ(split.emplace(key, i), plain.emplace(key, i).second); break;
            case 1:
                if (int* const value = split.find(key)) *value = plain[key] = i;
                break;
            default:
                EXPECT_EQ(split.find(std::string_view(key)) != nullptr, plain.contains(key));
                if (plain.erase(key) > 0) split.erase(std::string_view(key));
        }
        ASSERT_EQ(split.size(), plain.size());
    }
    std::map<std::string, int> seen;
    split.each([&](const std::string& key, int value) { seen.emplace(key, value); });
    EXPECT_EQ(seen, plain);
    for (const auto& [key, value] : plain) EXPECT_EQ(*split.find(key), value);
}

TEST(SplitMap, WhatIsFoundStaysInItsPlace) {
    SplitMap<std::string, int, HashOfText> split;
    split.emplace("one", 1);
    const int* const one = split.find("one");
    for (int i = 0; i < 100'000; ++i) split.emplace(std::to_string(i), i);
    EXPECT_EQ(split.find("one"), one);
    EXPECT_EQ(*one, 1);
}

}  // namespace
}  // namespace farthing
