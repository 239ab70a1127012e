// Paper to draw on: A4 pages in points, text set by Pango, kept as PDF. Geometry is in floating
// point; amounts come as text and are never computed here.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/civil.h"
#include "base/error.h"

namespace farthing::render {

constexpr double kPaperWidth = 595.276;
constexpr double kPaperHeight = 841.890;

enum class Side : unsigned char { left, right, centre };

struct TextStyle {
    double size = 8.5;
    bool bold = false;
    double grey = 0.10;  // 0 black … 1 white
    Side side = Side::left;
    int lines_max = 1;    // what does not fit ends in "…"; 0 for no limit
    bool breaks = false;  // line feeds of the text begin a new line; else they are blanks
};

struct DocumentTitle {
    std::string title;
    std::string author;
    std::string subject;
    Date date;  // stands as the day of creation, so that the bytes do not depend on when they are
                // made
};

class Canvas {
  public:
    // A canvas whose pages are counted and thrown away, or kept.
    enum class Keep : bool { no, yes };
    Canvas(const DocumentTitle& title, Keep keep);
    ~Canvas();
    Canvas(const Canvas&) = delete;
    Canvas& operator=(const Canvas&) = delete;

    // Sets `text` in a box from (x, y) down, `width` wide; returns its height.
    double text(double x, double y, double width, std::string_view text, const TextStyle& style);
    double text_height(double width, std::string_view text, const TextStyle& style);
    double text_width(std::string_view text, const TextStyle& style);
    void line(double x1, double y1, double x2, double y2, double thickness, double grey,
              bool dashed = false);
    void box(double x, double y, double width, double height, double grey);
    void frame(double x, double y, double width, double height, double thickness, double grey);
    // A line through points given one after the other.
    void start_path(double x, double y);
    void path_to(double x, double y);
    void stroke_path(double thickness, double grey);
    // Large pale letters over the page from corner to corner.
    void watermark(std::string_view text);
    // Fits the image into the box, at its top left; returns the height used.
    double image(double x, double y, double width_max, double height_max);
    Result<void> load_image(std::string_view png);
    bool has_image() const;
    void end_page();

    // The whole document; the canvas is spent after.
    Result<std::string> finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace farthing::render
