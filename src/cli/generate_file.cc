#include "cli/generate_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "cli/parse.h"

namespace farthing::cli {

GeneratedFile::GeneratedFile() : buffer_(new char[kBuffer]) {}

GeneratedFile::~GeneratedFile() {
    if (file_ >= 0) ::close(file_);
}

Result<void> GeneratedFile::open(const std::filesystem::path& path) {
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    path_ = path;
    used_ = 0;
    failed_ = false;
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file_ < 0)
        return fail(UsageReason::file_not_written, std::generic_category().message(errno),
                    path.string());
    return {};
}

void GeneratedFile::flush() {
    std::size_t done = 0;
    while (!failed_ && done < used_) {
        const ssize_t wrote = ::write(file_, buffer_.get() + done, used_ - done);
        if (wrote > 0) {
            done += static_cast<std::size_t>(wrote);
        } else if (errno != EINTR) {
            failed_ = true;
        }
    }
    used_ = 0;
}

Result<void> GeneratedFile::close() {
    flush();
    const bool closed = ::close(file_) == 0;
    file_ = -1;
    if (failed_ || !closed)
        return fail(UsageReason::file_not_written, "the disk took only a part of it",
                    path_.string());
    return {};
}

}  // namespace farthing::cli
