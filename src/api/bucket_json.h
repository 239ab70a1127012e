// Buckets as JSON, and orders of them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "engine/buckets.h"

namespace farthing::api {

// "subscription" (empty, too), "group", "account".
Result<OwnerKind> owner_kind_of(const std::string& text);
Result<engine::BucketOrder> read_bucket_order(std::string_view body);
std::string write_bucket(const engine::BucketRow& row);
std::string write_buckets(std::span<const engine::BucketRow> rows);
void write_bucket(const engine::BucketRow& row, JsonWriter& json);

}  // namespace farthing::api
