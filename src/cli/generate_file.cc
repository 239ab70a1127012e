#include "cli/generate_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/civil.h"
#include "cli/parse.h"

namespace farthing::cli {

GeneratedFile::GeneratedFile() : buffer_(new char[kBuffer]) {}

GeneratedFile::~GeneratedFile() {
    if (file_ >= 0 && !to_output_) ::close(file_);
}

Result<void> GeneratedFile::open(const std::filesystem::path& path) {
    if (is_output(*path.begin())) {
        continues_ = to_output_;
        to_output_ = true;
        file_ = STDOUT_FILENO;
        return {};
    }
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

void GeneratedFile::add_clock(Instant at) {
    const std::int64_t seconds = at.micros / kMicrosPerSecond;
    constexpr std::int64_t kDaySeconds = 86'400;
    if (seconds / kDaySeconds != day_) {
        day_ = seconds / kDaySeconds;
        day_text_ = to_string(Date{static_cast<std::int32_t>(day_)}) + " ";
    }
    const std::int64_t clock = seconds % kDaySeconds;
    add(day_text_);
    add_padded(clock / 3600, 2);
    add(":");
    add_padded(clock / 60 % 60, 2);
    add(":");
    add_padded(clock % 60, 2);
}

Result<void> GeneratedFile::close() {
    flush();
    const bool closed = to_output_ || ::close(file_) == 0;
    file_ = -1;
    if (failed_ || !closed)
        return fail(UsageReason::file_not_written, "the disk took only a part of it",
                    path_.string());
    return {};
}

}  // namespace farthing::cli
