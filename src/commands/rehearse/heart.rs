//! How far a rehearsal is, for whoever waits for it: in real time, because that is what they wait in.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use crate::commands::out;
use crate::report::progress::Progress;
use crate::report::words;

/// How often a terminal is told.
const ON_A_TERMINAL: Duration = Duration::from_millis(200);

/// How often a pipe is told.
const ON_A_PIPE: Duration = Duration::from_secs(30);

/// A line on stderr now and then.
pub(super) struct Heart {
    quiet: bool,
    terminal: bool,
    last: Instant,
    is_drawn: bool,
}

impl Heart {
    pub(super) fn new(quiet: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        Self { quiet, terminal, last: Instant::now(), is_drawn: false }
    }

    /// Says how far it is, if it is time.
    pub(super) fn beat(&mut self, progress: &Progress) {
        let every = if self.terminal { ON_A_TERMINAL } else { ON_A_PIPE };
        if self.quiet || self.last.elapsed() < every {
            return;
        }
        self.last = Instant::now();
        let line = format!(
            "rehearsing: {} of the rollout, {} of {} done",
            words::duration(progress.elapsed),
            progress.finished.len(),
            words::count(progress.scope(), "target"),
        );
        if self.terminal {
            out::stderr(&format!("\r\x1b[2K{line}"));
            self.is_drawn = true;
        } else {
            out::stderr(&format!("{line}\n"));
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn stop(&mut self) {
        if self.is_drawn {
            out::stderr("\r\x1b[2K");
            self.is_drawn = false;
        }
    }
}
