#include "cli/session.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace farthing::cli {
namespace {

void write(const std::filesystem::path& path) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "x\n";
}

TEST(FilesOf, AFolderStandsForItsFilesButNotForWhatIsHiddenOrOurs) {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / "farthing_files_of";
    std::filesystem::remove_all(folder);
    for (const char* name : {"b.csv", "a.csv", "day/c.csv", ".d.csv.Xy12", ".sync/e.csv",
                             "data/farthing.db", "data/archive/usage/f.parquet"})
        write(folder / name);
    const auto found = files_of({folder.string()});
    ASSERT_TRUE(found);
    std::vector<std::string> names;
    for (const auto& file : *found)
        names.push_back(file.lexically_relative(folder).generic_string());
    EXPECT_EQ(names, (std::vector<std::string>{"a.csv", "b.csv", "day/c.csv"}));
    // Whoever names a file means it.
    EXPECT_EQ(files_of({(folder / ".d.csv.Xy12").string()})->size(), 1u);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace farthing::cli
