// What routes share. Private to this room.
#pragma once

#include <string>
#include <string_view>

#include "api/http.h"

namespace farthing::api {

// "%20" and so on; malformed escapes stay as they are.
std::string unescaped(std::string_view text);
HttpAnswer with_body(std::string body, int status = 200);

}  // namespace farthing::api
