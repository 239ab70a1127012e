#include "mediation/collect.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

#include "base/hash.h"
#include "base/utf8.h"

namespace farthing::mediation {

namespace {

// A whole file, mapped read-only. Files are taken in when they are complete: one that another
// program cuts short while it is read would stop the process, as it would with any mapped file.
class MappedFile {
  public:
    MappedFile() = default;
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile() { release(); }

    Result<void> open(const std::filesystem::path& path) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (file < 0) return refuse(path, std::strerror(errno));
        struct stat about{};
        Result<void> result = {};
        if (::fstat(file, &about) != 0) {
            result = refuse(path, std::strerror(errno));
        } else if (!S_ISREG(about.st_mode)) {
            result = refuse(path, "it is not a regular file");
        } else if (about.st_size > 0) {
            size_ = static_cast<std::size_t>(about.st_size);
            void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
            if (mapped == MAP_FAILED) {
                result = refuse(path, std::strerror(errno));
            } else {
                data_ = static_cast<const char*>(mapped);
                ::madvise(mapped, size_, MADV_SEQUENTIAL);
            }
        }
        ::close(file);
        return result;
    }
    void release() {
        if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
        data_ = nullptr;
    }
    std::string_view bytes() const { return {data_, data_ == nullptr ? 0 : size_}; }
    void read_up_to(const char* position) const {
        if (data_ == nullptr || std::less<>{}(position, data_)) return;
        if (std::less<>{}(data_ + size_, position)) return;
        const auto length = static_cast<std::size_t>(position - data_);
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        ::madvise(const_cast<char*>(data_), length / page * page, MADV_DONTNEED);
    }

  private:
    static std::unexpected<Error> refuse(const std::filesystem::path& path,
                                         const std::string& why) {
        return fail(RejectReason::unreadable,
                    "the file " + printable(path.string(), 200) + " can't be read: " + why);
    }
    const char* data_ = nullptr;
    std::size_t size_ = 0;
};

// Unpacked bytes, grown as they come and never beyond the limit.
class Unpacked {
  public:
    explicit Unpacked(std::int64_t size_max)
        : size_max_(static_cast<std::size_t>(std::max<std::int64_t>(size_max, 0))) {}

    // Room for at least one more byte; false when the limit is reached.
    bool grow() {
        if (used_ < bytes_.size()) return true;
        // One byte beyond the limit is enough to know that it is passed.
        const std::size_t limit = size_max_ + 1;
        if (bytes_.size() >= limit) return false;
        const std::size_t wanted =
            std::min(std::max<std::size_t>(bytes_.size() * 2, std::size_t{1} << 20), limit);
        bytes_.resize_and_overwrite(wanted, [](char*, std::size_t size) { return size; });
        return true;
    }
    char* free_begin() { return bytes_.data() + used_; }
    std::size_t free_size() const { return bytes_.size() - used_; }
    void took(std::size_t count) { used_ += count; }
    bool over_limit() const { return used_ > size_max_; }
    std::string finish() {
        bytes_.resize(used_);
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
    std::size_t used_ = 0;
    std::size_t size_max_;
};

std::unexpected<Error> too_large(std::int64_t size_max) {
    return fail(RejectReason::too_large_when_unpacked,
                "the file unpacks to more than " + std::to_string(size_max) + " bytes");
}
std::unexpected<Error> broken(const std::string& why) {
    return fail(RejectReason::compression_broken,
                "the compressed file is cut short or damaged: " + why);
}

struct Inflater {
    z_stream stream{};
    bool ready = false;
    Inflater() { ready = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK; }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() {
        if (ready) inflateEnd(&stream);
    }
};

// A gzip file may hold several members one after another; together they are the file.
Result<std::string> unpack_gzip(std::string_view packed, std::int64_t size_max) {
    constexpr std::size_t kStep = std::size_t{1} << 30;  // zlib counts in 32 bits
    Inflater inflater;
    if (!inflater.ready) return broken("no memory to unpack it");
    Unpacked out(size_max);
    while (true) {
        if (!out.grow()) return too_large(size_max);
        const auto give = static_cast<unsigned>(std::min(packed.size(), kStep));
        const auto room = static_cast<unsigned>(std::min(out.free_size(), kStep));
        inflater.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
        inflater.stream.avail_in = give;
        inflater.stream.next_out = reinterpret_cast<Bytef*>(out.free_begin());
        inflater.stream.avail_out = room;
        const int state = inflate(&inflater.stream, Z_NO_FLUSH);
        packed.remove_prefix(give - inflater.stream.avail_in);
        out.took(room - inflater.stream.avail_out);
        if (out.over_limit()) return too_large(size_max);
        if (state == Z_STREAM_END) {
            if (packed.empty()) return out.finish();
            inflateReset(&inflater.stream);
            continue;
        }
        if (state != Z_OK && state != Z_BUF_ERROR) {
            return broken(inflater.stream.msg == nullptr ? "bad data" : inflater.stream.msg);
        }
        if (packed.empty() && inflater.stream.avail_out != 0)
            return broken("it ends in the middle");
    }
}

Result<std::string> unpack_zstd(std::string_view packed, std::int64_t size_max) {
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                          ZSTD_freeDCtx);
    if (context == nullptr) return broken("no memory to unpack it");
    Unpacked out(size_max);
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    while (true) {
        if (!out.grow()) return too_large(size_max);
        ZSTD_outBuffer room{out.free_begin(), out.free_size(), 0};
        const std::size_t rest = ZSTD_decompressStream(context.get(), &room, &in);
        if (ZSTD_isError(rest) != 0) return broken(ZSTD_getErrorName(rest));
        out.took(room.pos);
        if (out.over_limit()) return too_large(size_max);
        if (rest == 0 && in.pos == in.size) return out.finish();
        if (in.pos == in.size && room.pos < room.size) return broken("it ends in the middle");
    }
}

}  // namespace

struct Collected::State {
    MappedFile file;
    std::string unpacked;
    bool packed = false;
    std::string hash;
    std::int64_t size_bytes = 0;
};

Collected::Collected(std::unique_ptr<State> state) : state_(std::move(state)) {}
Collected::Collected(Collected&&) noexcept = default;
Collected& Collected::operator=(Collected&&) noexcept = default;
Collected::~Collected() = default;

Result<Collected> Collected::open(const std::filesystem::path& path, std::int64_t unpacked_max) {
    auto state = std::make_unique<State>();
    FARTHING_CHECK(state->file.open(path));
    const std::string_view received = state->file.bytes();
    state->size_bytes = static_cast<std::int64_t>(received.size());
    state->hash = sha256_hex(received);
    const bool gzip = received.starts_with("\x1f\x8b");
    const bool zstd = received.starts_with("\x28\xb5\x2f\xfd");
    if (gzip || zstd) {
        FARTHING_TRY(state->unpacked, gzip ? unpack_gzip(received, unpacked_max)
                                           : unpack_zstd(received, unpacked_max));
        state->packed = true;
        state->file.release();
    } else if (state->size_bytes > unpacked_max) {
        return too_large(unpacked_max);
    }
    return Collected(std::move(state));
}

std::string_view Collected::bytes() const {
    return state_->packed ? std::string_view(state_->unpacked) : state_->file.bytes();
}
bool Collected::unpacked() const {
    return state_->packed;
}
const std::string& Collected::hash() const {
    return state_->hash;
}
std::int64_t Collected::size_bytes() const {
    return state_->size_bytes;
}
void Collected::read_up_to(const char* position) const {
    state_->file.read_up_to(position);
}

}  // namespace farthing::mediation
