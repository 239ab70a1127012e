#include "api/webhook_signature.h"

#include <gtest/gtest.h>

namespace farthing::api {
namespace {

// The example that the libraries of Standard Webhooks are tested by.
TEST(WebhookSignature, IsThatOfStandardWebhooks) {
    EXPECT_EQ(
        webhook_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                          1'614'265'330, "{\"test\": 2432232314}"),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, HangsOnEachOfItsParts) {
    const std::string secret = "whsec_AAAA";
    const std::string one = webhook_signature(secret, "evt-1", 1, "{}");
    EXPECT_NE(one, webhook_signature("whsec_AAAB", "evt-1", 1, "{}"));
    EXPECT_NE(one, webhook_signature(secret, "evt-2", 1, "{}"));
    EXPECT_NE(one, webhook_signature(secret, "evt-1", 2, "{}"));
    EXPECT_NE(one, webhook_signature(secret, "evt-1", 1, "{ }"));
}

TEST(WebhookSignature, SecretsAreNeverTheSame) {
    const std::string first = new_webhook_secret();
    EXPECT_NE(first, new_webhook_secret());
    EXPECT_EQ(first.size(), std::string("whsec_").size() + 32);
}

}  // namespace
}  // namespace farthing::api
