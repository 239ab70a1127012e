// Why a document can't be read or drawn.
#pragma once

#include "base/reason.h"

namespace farthing {

#define FARTHING_DOCUMENT_REASONS(X)                                                           \
    X(not_json, "the text is no JSON",                                                         \
      "Give the document as `farthing invoice show --json` writes it.")                        \
    X(document_kind_unknown, "the text is no invoice of a version this program knows",         \
      "Use the program that wrote it, or a newer one.")                                        \
    X(document_field_missing, "a field of the document is missing",                            \
      "Give the document as it was written; docs/reference/invoice-json.md lists its fields.") \
    X(document_field_malformed, "a field of the document has another type or form",            \
      "Give the document as it was written; docs/reference/invoice-json.md lists its fields.") \
    X(logo_unreadable, "the logo is no PNG image of at most 4,000 by 4,000 pixels",            \
      "Give a PNG file, or none.")                                                             \
    X(drawing_failed, "the page can't be drawn",                                               \
      "Check that the fonts of the package fonts-dejavu-core are installed.")
FARTHING_REASON_ENUM(DocumentReason, FARTHING_DOCUMENT_REASONS)

}  // namespace farthing
