//! Progress on a terminal: a live area at the bottom that is redrawn, and lines that stay above it.
//! `indicatif` decides when and what to redraw; the terminal it draws on is `Screen`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use tokio::time::Instant;

use crate::report::Reporter;
use crate::report::announce::{Announcer, Detail};
use crate::report::event::{Event, EventKind};
use crate::report::live::{self, Size};
use crate::report::progress::Progress;
use crate::report::safe;

/// The size taken where a terminal does not tell its own.
const USUAL: Size = Size { columns: 80, rows: 24 };

/// From the cursor to the end of its line.
const ERASE_LINE: &str = "\u{1b}[K";

/// From the cursor to the end of the screen.
const ERASE_BELOW: &str = "\u{1b}[J";

/// Draws on standard error.
pub struct Tty {
    area: ProgressBar,
    screen: Screen,
    size: Box<dyn Fn() -> Size + Send>,
    color: bool,
    announcer: Announcer,
    /// When the run began; known from the first event.
    start: Instant,
}

impl Tty {
    /// A live area on standard error. With `verbose` every target, change and state has a line that
    /// stays.
    pub fn stderr(color: bool, verbose: bool) -> Self {
        let size = || {
            terminal_size::terminal_size_of(io::stderr())
                .filter(|(width, height)| width.0 > 0 && height.0 > 0)
                .map_or(USUAL, |(width, height)| Size {
                    columns: width.0.into(),
                    rows: height.0.into(),
                })
        };
        Self::on(Box::new(io::stderr()), Box::new(size), color, verbose)
    }

    fn on(
        out: Box<dyn Write + Send>,
        size: Box<dyn Fn() -> Size + Send>,
        color: bool,
        verbose: bool,
    ) -> Self {
        let screen = Screen::new(out, size());
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let area = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            area.set_style(style);
        }
        let announcer = Announcer::new(Detail::Terminal, verbose);
        Self { area, screen, size, color, announcer, start: Instant::now() }
    }

    /// Draws the live area as it is now, or nothing where there is nothing to watch.
    fn draw(&self, progress: &Progress, now: Duration) -> io::Result<()> {
        let size = (self.size)();
        self.screen.state().size = size;
        // The last column stays free: a full line leaves the cursor in a place that terminals
        // do not agree about.
        let columns = size.columns.saturating_sub(1);
        let lines: Vec<_> = live::view(progress, now, size)
            .iter()
            .map(|line| line.paint_within(columns, self.color))
            .collect();
        self.area.set_message(lines.join("\n"));
        self.screen.outcome()
    }

    fn clear(&self) -> io::Result<()> {
        self.screen.state().size = (self.size)();
        self.area.set_message("");
        self.screen.outcome()
    }
}

impl Reporter for Tty {
    fn event(&mut self, event: &Event, progress: &Progress) -> io::Result<()> {
        self.start = Instant::now().checked_sub(event.elapsed).unwrap_or(self.start);
        let lines = self.announcer.lines(event, progress);
        let stays = !lines.is_empty();
        let columns = (self.size)().columns;
        let wrapped = lines.into_iter().flat_map(|line| line.wrap(columns, 6));
        let painted = wrapped.map(|line| line.paint(self.color));
        let mut screen = self.screen.state();
        if matches!(event.kind, EventKind::ShutdownRequested { .. }) && !progress.is_live() {
            // Most likely at a question, whose line the cursor is still on.
            screen.above.push(String::new());
        }
        screen.above.extend(painted);
        drop(screen);
        // While something is live the next tick shows them.
        if stays && !progress.is_live() { self.clear() } else { Ok(()) }
    }

    fn tick(&mut self, progress: &Progress) -> io::Result<()> {
        self.draw(progress, self.start.elapsed())
    }

    fn flush(&mut self, _: &Progress) -> io::Result<()> {
        self.clear()
    }

    fn finish(&mut self, _: &Progress) -> io::Result<()> {
        self.clear()?;
        self.area.finish_and_clear();
        self.screen.outcome()
    }
}

/// The terminal as `indicatif` knows it. It differs from `indicatif`'s own in what it does on a real
/// one: lines end with a line break and not by being filled until they wrap, which terminals join
/// when they get wider; after a resize it finds the top of the area by what the terminal has made of
/// the lines; and each frame overwrites the last in one write, without blanking it first.
#[derive(Debug, Clone)]
struct Screen(Arc<Mutex<State>>);

struct State {
    out: Box<dyn Write + Send>,
    size: Size,
    /// What is to be written with the next frame.
    frame: String,
    /// Lines that stay, to be written above the next frame.
    above: Vec<String>,
    /// Widths of the lines in the area. The cursor is at the end of the last.
    drawn: Vec<usize>,
    /// What went wrong with writing, until it is asked for: `indicatif` does not tell.
    error: Option<io::Error>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("size", &self.size)
            .field("drawn", &self.drawn)
            .finish_non_exhaustive()
    }
}

impl Screen {
    fn new(out: Box<dyn Write + Send>, size: Size) -> Self {
        let (frame, above, drawn) = (String::new(), vec![], vec![]);
        Self(Arc::new(Mutex::new(State { out, size, frame, above, drawn, error: None })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A frame that was not finished is overwritten by the next.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outcome(&self) -> io::Result<()> {
        self.state().error.take().map_or(Ok(()), Err)
    }
}

impl State {
    /// Goes to the top of the area and puts what stays there, so that the area begins below.
    fn begin(&mut self) {
        let columns = self.size.columns.max(1);
        let rows: usize = self.drawn.iter().map(|width| width.div_ceil(columns).max(1)).sum();
        self.drawn.clear();
        if rows > 0 {
            self.frame.push('\r');
        }
        if rows > 1 {
            self.frame += &up(rows - 1);
        }
        for line in std::mem::take(&mut self.above) {
            // Erasing at the edge would take the last character along.
            let at_edge = width(&line).is_multiple_of(columns);
            let erase = if at_edge { "" } else { ERASE_LINE };
            self.frame.extend([ERASE_LINE, &line, erase, "\r\n"]);
        }
    }

    /// A line of the area.
    fn line(&mut self, painted: &str) {
        if !self.drawn.is_empty() {
            self.frame.push_str("\r\n");
        }
        self.frame.push_str(painted);
        self.frame.push_str(ERASE_LINE);
        self.drawn.push(width(painted));
    }

    /// Writes the frame, and takes away what is left of a longer one.
    fn end(&mut self) {
        self.frame.push_str(ERASE_BELOW);
        let written = self.out.write_all(self.frame.as_bytes()).and_then(|()| self.out.flush());
        self.frame.clear();
        self.error = written.err().or(self.error.take());
    }
}

/// So many lines up, in the same column.
fn up(lines: usize) -> String {
    format!("\u{1b}[{lines}A")
}

/// Columns of a painted line.
fn width(painted: &str) -> usize {
    safe::width(&anstream::adapter::strip_str(painted).to_string())
}

/// `indicatif` draws a frame by going up to the first line, clearing each, going up again, and
/// writing each line followed by spaces up to the edge.
impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.state().size.columns.try_into().unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        self.state().size.rows.try_into().unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        self.state().begin();
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write_str(line)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        // No line of the area is blank, so what is blank fills a line.
        if !text.trim().is_empty() {
            self.state().line(text);
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.state().end();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
