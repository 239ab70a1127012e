// Messages of peers and grouped AVPs are read within their bounds, and each request gets an answer
// that can be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "diameter/peer.h"

namespace {

using namespace farthing;

void must_be_readable(std::string_view out) {
    while (!out.empty()) {
        if (out.size() < diameter::kHeaderSize) std::abort();
        const std::size_t length = diameter::read_header(out).length;
        if (length < diameter::kHeaderSize || length > out.size()) std::abort();
        diameter::AvpReader reader(
            out.substr(diameter::kHeaderSize, length - diameter::kHeaderSize));
        while (reader.next()) {
        }
        if (reader.damaged()) std::abort();
        out.remove_prefix(length);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const diameter::Node node{"ocs.example.org", "example.org", 1};
    const diameter::PeerPolicy policy;
    diameter::OpenPeers peers;
    diameter::Peer peer(node, policy, peers, std::string("\0\1\x7f\0\0\1", 6), Instant());
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    std::string out;
    while (bytes.size() >= diameter::kHeaderSize) {
        if (peer.look(bytes, out) == diameter::Peer::Next::close) break;
        const std::size_t length = diameter::read_header(bytes).length;
        if (length > bytes.size()) break;
        const std::string_view message = bytes.substr(0, length);
        bytes.remove_prefix(length);
        const auto next = peer.take(message, Instant(), out);
        if (next == diameter::Peer::Next::credit_control) {
            diameter::CreditControlRequest request;
            const auto fault = diameter::read_credit_control(message, request);
            diameter::CreditControlAnswer answer;
            if (fault) {
                answer = {fault->code, fault->text, fault->avp};
            } else {
                (void)diameter::misdirected(node, request);
                for (std::size_t i = 0; i < request.services.size(); ++i)
                    answer.services.push_back(
                        {i, diameter::Code::success, diameter::ServiceUnits{1, 1, 1}, 1, true});
            }
            diameter::write_answer(node, request, answer, out);
        }
        if (next == diameter::Peer::Next::close) break;
    }
    must_be_readable(out);
    return 0;
}
