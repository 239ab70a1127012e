// A folder of its own for a test, gone afterwards.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "store/store.h"

namespace farthing::store {

class TestFolder {
  public:
    TestFolder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "farthing-store-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TestFolder() { std::filesystem::remove_all(path_); }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

inline std::unique_ptr<Store> opened(const std::filesystem::path& folder) {
    auto store = Store::open(folder);
    EXPECT_TRUE(store) << store.error().to_string();
    return *std::move(store);
}

inline DirectoryFacts facts_of(Store& store) {
    DirectoryFacts facts;
    EXPECT_TRUE(store.tell_facts([](const FactCounts&) {},
                                 [&](DirectoryFacts& some) -> Result<void> {
                                     append_facts(facts, some);
                                     return {};
                                 }));
    return facts;
}

// Runs SQL behind the store's back, as an intruder or a defect would; gives what SQLite said.
inline std::string raw_sql(const std::filesystem::path& folder, const std::string& sql) {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open((folder / "farthing.db").c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message);
    const std::string said = message == nullptr ? "" : message;
    sqlite3_free(message);
    sqlite3_close(handle);
    return said;
}

std::string code_of_error(const auto& result) {
    return result ? "" : result.error().code;
}

}  // namespace farthing::store
