// The small picture under a usage line: use by day as bars, the running total as a line against the
// allowance.
#pragma once

#include "model/invoice.h"
#include "render/canvas.h"

namespace farthing::render {

constexpr double kChartHeight = 74;

// Whether the line has days worth a picture.
bool has_chart(const InvoiceLine& line);
// Draws into the box from (x, y), `width` wide and kChartHeight high. Greys only: it survives any
// printer.
void draw_chart(Canvas& canvas, double x, double y, double width, const InvoiceLine& line);

}  // namespace farthing::render
