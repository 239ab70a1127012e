#include "engine/worker.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace farthing::engine {
namespace {

TEST(Worker, DoesOneThingAfterTheOther) {
    std::vector<int> done;
    Worker worker;
    std::vector<std::future<std::string>> answers;
    for (int i = 0; i < 100; ++i) {
        answers.push_back(worker.ask([&done, i] {
            done.push_back(i);
            return std::to_string(i);
        }));
    }
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(answers[static_cast<std::size_t>(i)].get(), std::to_string(i));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], i);
}

TEST(Worker, TellsWhatWasThrown) {
    Worker worker;
    auto failed = worker.ask([]() -> int { throw std::runtime_error("no"); });
    EXPECT_THROW((void)failed.get(), std::runtime_error);
    EXPECT_EQ(worker.ask([] { return 7; }).get(), 7);
}

}  // namespace
}  // namespace farthing::engine
