// Frames of clients end in requests, answers, or the end of the connection; answers come late.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "nchf/http2.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    constexpr std::size_t kPiece = 97;
    nchf::Http2Limits limits;
    limits.header_bytes = 512;
    limits.body_bytes = 256;
    std::vector<std::int32_t> open;
    nchf::Http2Session session(
        limits,
        [&](nchf::Http2Request request) {
            if (request.body.size() > limits.body_bytes) std::abort();
            open.push_back(request.stream);
        },
        [](int status) {
            nchf::Http2Answer answer;
            answer.status = status;
            return answer;
        });
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    std::string out;
    for (bool goes_on = true; goes_on && !bytes.empty() && !session.ended();) {
        goes_on = session.receive(bytes.substr(0, kPiece));
        bytes.remove_prefix(std::min(kPiece, bytes.size()));
        goes_on = session.produce(out, 4'096) && goes_on;
        for (const std::int32_t stream : open) {
            nchf::Http2Answer answer;
            answer.body = "{}";
            session.answer(stream, std::move(answer));
        }
        open.clear();
        session.tick();
        out.clear();
    }
    session.leave();
    (void)session.produce(out, 4'096);
    return 0;
}
