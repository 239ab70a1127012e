// Documents as bytes and back, exactly: exact numbers as fractions, money as atoms. A stored format
// is for ever: a new field comes with a new version, and every version that was ever written stays
// readable.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "model/invoice.h"

namespace farthing::store {

std::string encode_invoice(const Invoice& invoice);
Result<Invoice> decode_invoice(std::string_view bytes);
std::string encode_statement(const farthing::Statement& statement);
Result<farthing::Statement> decode_statement(std::string_view bytes);

}  // namespace farthing::store
