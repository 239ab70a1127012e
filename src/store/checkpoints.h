// Moves what was committed from the write-ahead log to the database, on a thread and a connection
// of its own: who commits waits for it only where the log has grown long.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

struct sqlite3;

namespace farthing::store {

class Checkpoints {
  public:
    explicit Checkpoints(std::filesystem::path file);
    ~Checkpoints();
    Checkpoints(const Checkpoints&) = delete;
    Checkpoints& operator=(const Checkpoints&) = delete;

    // A commit of `writer` left so many pages in the log.
    void committed(sqlite3* writer, int pages);

  private:
    void run();

    std::filesystem::path file_;
    std::mutex mutex_;  // of what follows
    std::condition_variable waits_;
    bool due_ = false;
    bool works_ = false;
    bool ends_ = false;
    int moved_ = 0;  // pages of the log when it was last looked at
    int tried_ = 0;  // and when who commits last moved the rest
    std::thread thread_;
};

}  // namespace farthing::store
