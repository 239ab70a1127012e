// Progress on stderr: a bar that redraws itself on a terminal, a line now and then elsewhere, or
// nothing.
#pragma once

#include <chrono>
#include <string>

#include "cli/command.h"
#include "engine/engine.h"

namespace farthing::cli {

class ProgressBar {
  public:
    ProgressBar(Context& context, std::string label);
    ~ProgressBar();  // leaves the terminal's line clean
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void show(const engine::Progress& progress);
    engine::OnProgress callback() {
        return [this](const engine::Progress& progress) { show(progress); };
    }
    std::chrono::milliseconds elapsed() const;

  private:
    std::string line(const engine::Progress& progress) const;
    Context& context_;
    std::string label_;
    bool redraws_ = false;
    bool silent_ = false;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point next_;
};

// "1.2 s"; "340 ms".
std::string duration_text(std::chrono::milliseconds elapsed);

}  // namespace farthing::cli
