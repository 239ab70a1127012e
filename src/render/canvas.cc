#include "render/canvas.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cstring>

#include "base/utf8.h"
#include "render/reasons.h"

namespace farthing::render {

namespace {

constexpr const char* kFontFamily = "DejaVu Sans";
constexpr std::size_t kTextBytesMax =
    4'000;  // shaping more than a page of text in one cell helps nobody
constexpr std::uint32_t kImageSideMax = 4'000;

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Surface = std::unique_ptr<cairo_surface_t, Freed<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Freed<cairo_destroy>>;
using Layout = std::unique_ptr<PangoLayout, Freed<g_object_unref>>;
using Font = std::unique_ptr<PangoFontDescription, Freed<pango_font_description_free>>;
using FontOptions = std::unique_ptr<cairo_font_options_t, Freed<cairo_font_options_destroy>>;

cairo_status_t append(void* to, const unsigned char* bytes, unsigned int size) {
    if (to != nullptr)
        static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes), size);
    return CAIRO_STATUS_SUCCESS;
}

cairo_status_t take(void* from, unsigned char* bytes, unsigned int size) {
    auto& rest = *static_cast<std::string_view*>(from);
    if (rest.size() < size) return CAIRO_STATUS_READ_ERROR;
    std::memcpy(bytes, rest.data(), size);
    rest.remove_prefix(size);
    return CAIRO_STATUS_SUCCESS;
}

// U+200E and U+200F, U+202A to U+202E, U+2066 to U+2069: they would turn round what is not theirs.
bool sets_direction(std::string_view character) {
    if (character.size() != 3 || !character.starts_with("\xE2")) return false;
    const auto middle = static_cast<unsigned char>(character[1]);
    const auto last = static_cast<unsigned char>(character[2]);
    if (middle == 0x80) return last == 0x8E || last == 0x8F || (last >= 0xAA && last <= 0xAE);
    return middle == 0x81 && last >= 0xA6 && last <= 0xA9;
}

// Valid UTF-8 of bounded length; control characters become spaces, all but line feeds that stay.
std::string printable_text(std::string_view text, bool breaks = false) {
    std::string clean;
    while (!text.empty() && clean.size() < kTextBytesMax) {
        const std::size_t length = utf8_length(text);
        const auto first = static_cast<unsigned char>(text.front());
        if (length == 0) {
            clean += "\uFFFD";
        } else if (length == 1 && (first < 0x20 || first == 0x7F)) {
            clean += breaks && first == '\n' ? '\n' : ' ';
        } else if (!sets_direction(text.substr(0, length))) {
            clean += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return clean;
}

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

// Reads the size before anything is unpacked: a small file can claim a huge picture.
bool is_modest_png(std::string_view png) {
    constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
    if (png.size() < 33 || !png.starts_with(kSignature) || png.substr(12, 4) != "IHDR")
        return false;
    const std::uint32_t width = big_endian(png.substr(16));
    const std::uint32_t height = big_endian(png.substr(20));
    return width > 0 && height > 0 && width <= kImageSideMax && height <= kImageSideMax;
}

}  // namespace

struct Canvas::State {
    std::string bytes;
    Surface surface;
    Context context;
    Layout layout;
    Font font{pango_font_description_from_string(kFontFamily)};
    Surface image;

    void grey(double level) { cairo_set_source_rgb(context.get(), level, level, level); }
    void prepare(std::string_view text, double width, const TextStyle& style) {
        pango_font_description_set_absolute_size(font.get(), style.size * PANGO_SCALE);
        pango_font_description_set_weight(font.get(),
                                          style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
        pango_layout_set_font_description(layout.get(), font.get());
        pango_layout_set_width(layout.get(),
                               width < 0 ? -1 : static_cast<int>(width * PANGO_SCALE));
        pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
        const bool bounded = width >= 0 && style.lines_max > 0;
        pango_layout_set_ellipsize(layout.get(),
                                   bounded ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
        pango_layout_set_height(layout.get(), bounded ? -style.lines_max : -1);
        const PangoAlignment side = style.side == Side::left    ? PANGO_ALIGN_LEFT
                                    : style.side == Side::right ? PANGO_ALIGN_RIGHT
                                                                : PANGO_ALIGN_CENTER;
        pango_layout_set_alignment(layout.get(), side);
        const std::string clean = printable_text(text, style.breaks);
        pango_layout_set_text(layout.get(), clean.data(), static_cast<int>(clean.size()));
    }
    double height() const {
        int pango_height = 0;
        pango_layout_get_size(layout.get(), nullptr, &pango_height);
        return static_cast<double>(pango_height) / PANGO_SCALE;
    }
};

Canvas::Canvas(const DocumentTitle& title, Keep keep) : state_(std::make_unique<State>()) {
    void* const target = keep == Keep::yes ? &state_->bytes : nullptr;
    cairo_surface_t* const surface =
        cairo_pdf_surface_create_for_stream(append, target, kPaperWidth, kPaperHeight);
    state_->surface.reset(surface);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                   printable_text(title.title).c_str());
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR,
                                   printable_text(title.author).c_str());
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT,
                                   printable_text(title.subject).c_str());
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Farthing");
    const std::string date = to_string(title.date) + "T00:00:00Z";
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date.c_str());
    state_->context.reset(cairo_create(surface));
    state_->layout.reset(pango_cairo_create_layout(state_->context.get()));
    // Columns read from left to right, also where a name is written from right to left.
    pango_layout_set_auto_dir(state_->layout.get(), FALSE);
    pango_context_set_base_dir(pango_layout_get_context(state_->layout.get()), PANGO_DIRECTION_LTR);
    const FontOptions options(cairo_font_options_create());
    cairo_font_options_set_hint_style(options.get(),
                                      CAIRO_HINT_STYLE_NONE);  // letters as designed, at any zoom
    cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
    PangoContext* const fonts = pango_layout_get_context(state_->layout.get());
    pango_cairo_context_set_font_options(fonts, options.get());
    pango_cairo_context_set_resolution(fonts, 72.0);
}

Canvas::~Canvas() = default;

double Canvas::text(double x, double y, double width, std::string_view text,
                    const TextStyle& style) {
    if (text.empty()) return 0;
    state_->prepare(text, width, style);
    state_->grey(style.grey);
    cairo_move_to(state_->context.get(), x, y);
    pango_cairo_show_layout(state_->context.get(), state_->layout.get());
    return state_->height();
}

double Canvas::text_height(double width, std::string_view text, const TextStyle& style) {
    if (text.empty()) return 0;
    state_->prepare(text, width, style);
    return state_->height();
}

double Canvas::text_width(std::string_view text, const TextStyle& style) {
    state_->prepare(text, -1, style);
    int width = 0;
    pango_layout_get_size(state_->layout.get(), &width, nullptr);
    return static_cast<double>(width) / PANGO_SCALE;
}

void Canvas::line(double x1, double y1, double x2, double y2, double thickness, double grey,
                  bool dashed) {
    constexpr double kDash[] = {3.0, 2.0};
    cairo_t* const context = state_->context.get();
    cairo_set_dash(context, kDash, dashed ? 2 : 0, 0);
    cairo_move_to(context, x1, y1);
    cairo_line_to(context, x2, y2);
    stroke_path(thickness, grey);
    cairo_set_dash(context, kDash, 0, 0);
}

void Canvas::box(double x, double y, double width, double height, double grey) {
    state_->grey(grey);
    cairo_rectangle(state_->context.get(), x, y, width, height);
    cairo_fill(state_->context.get());
}

void Canvas::frame(double x, double y, double width, double height, double thickness, double grey) {
    cairo_rectangle(state_->context.get(), x, y, width, height);
    stroke_path(thickness, grey);
}

void Canvas::start_path(double x, double y) {
    cairo_move_to(state_->context.get(), x, y);
}
void Canvas::path_to(double x, double y) {
    cairo_line_to(state_->context.get(), x, y);
}
void Canvas::stroke_path(double thickness, double grey) {
    state_->grey(grey);
    cairo_set_line_width(state_->context.get(), thickness);
    cairo_stroke(state_->context.get());
}

void Canvas::watermark(std::string_view text) {
    constexpr double kAngle = -0.955;  // along the diagonal of A4
    const TextStyle style{96, true, 0.935, Side::left, 0};
    const double width = text_width(text, style);
    cairo_t* const context = state_->context.get();
    cairo_save(context);
    cairo_translate(context, kPaperWidth / 2, kPaperHeight / 2);
    cairo_rotate(context, kAngle);
    state_->prepare(text, -1, style);
    state_->grey(style.grey);
    cairo_move_to(context, -width / 2, -state_->height() / 2);
    pango_cairo_show_layout(context, state_->layout.get());
    cairo_restore(context);
}

Result<void> Canvas::load_image(std::string_view png) {
    if (!is_modest_png(png)) return fail(DocumentReason::logo_unreadable);
    state_->image.reset(cairo_image_surface_create_from_png_stream(take, &png));
    if (cairo_surface_status(state_->image.get()) != CAIRO_STATUS_SUCCESS) {
        state_->image.reset();
        return fail(DocumentReason::logo_unreadable);
    }
    return {};
}

bool Canvas::has_image() const {
    return state_->image != nullptr;
}

double Canvas::image(double x, double y, double width_max, double height_max) {
    cairo_surface_t* const image = state_->image.get();
    const double width = cairo_image_surface_get_width(image);
    const double height = cairo_image_surface_get_height(image);
    const double scale = std::min(width_max / width, height_max / height);
    cairo_t* const context = state_->context.get();
    cairo_save(context);
    cairo_translate(context, x, y);
    cairo_scale(context, scale, scale);
    cairo_set_source_surface(context, image, 0, 0);
    cairo_paint(context);
    cairo_restore(context);
    return height * scale;
}

void Canvas::end_page() {
    cairo_show_page(state_->context.get());
}

Result<std::string> Canvas::finish() {
    cairo_surface_finish(state_->surface.get());
    const cairo_status_t status = cairo_surface_status(state_->surface.get());
    if (status != CAIRO_STATUS_SUCCESS) {
        return fail(DocumentReason::drawing_failed,
                    std::string("the page can't be drawn: ") + cairo_status_to_string(status));
    }
    return std::move(state_->bytes);
}

}  // namespace farthing::render
