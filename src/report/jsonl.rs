//! The stream of events for machines: one JSON object per line, as it happens. The first line has the
//! version of the format.

use std::io::{self, Write};

use crate::report::event::Event;
use crate::report::progress::Progress;
use crate::report::{Reporter, safe};

/// Writes each event as one line of JSON.
#[derive(Debug)]
pub struct Jsonl<W> {
    out: W,
}

impl<W: Write + Send> Jsonl<W> {
    /// Writes to `out`, which is standard output in the program.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Reporter for Jsonl<W> {
    fn event(&mut self, event: &Event, _: &Progress) -> io::Result<()> {
        writeln!(self.out, "{}", safe::json(event)?)?;
        // A reader acts on each event when it comes, not when a buffer is full.
        self.out.flush()
    }
}
