// A data folder of a test of this room: gone with it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "engine/engine.h"

namespace farthing::engine {

class DataFolder : public ::testing::Test {
  protected:
    DataFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "farthing-engine-XXXXXX");
        folder_ = ::mkdtemp(name.data());
    }
    ~DataFolder() override { std::filesystem::remove_all(folder_); }

    std::unique_ptr<Engine> open() {
        auto engine = Engine::open(folder_, Clock{[this] { return now_; }});
        EXPECT_TRUE(engine) << engine.error().to_string();
        return *std::move(engine);
    }

    std::filesystem::path folder_;
    Instant now_ = *parse_rfc3339("2026-01-05T10:00:00Z");
};

}  // namespace farthing::engine
