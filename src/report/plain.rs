//! Progress on a pipe: a line for each finished target, and a heartbeat so that nobody, and no CI
//! system, takes a long wait for a hang.

use std::io::{self, Write};
use std::time::Duration;

use tokio::time::Instant;

use crate::report::announce::{Announcer, Detail};
use crate::report::event::{Event, Step};
use crate::report::progress::Progress;
use crate::report::{Reporter, safe, words};

/// How long nothing is said before the heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Writes lines to a pipe or a file.
#[derive(Debug)]
pub struct Plain<W> {
    out: W,
    color: bool,
    announcer: Announcer,
    /// When the run began; known from the first event.
    start: Instant,
    last_said: Instant,
}

impl<W: Write + Send> Plain<W> {
    /// Writes to `out`; with `verbose` every change and every state has a line too.
    pub fn new(out: W, color: bool, verbose: bool) -> Self {
        let (announcer, now) = (Announcer::new(Detail::Pipe, verbose), Instant::now());
        Self { out, color, announcer, start: now, last_said: now }
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        self.last_said = Instant::now();
        writeln!(self.out, "{line}")
    }
}

impl<W: Write + Send> Reporter for Plain<W> {
    fn event(&mut self, event: &Event, progress: &Progress) -> io::Result<()> {
        self.start = Instant::now().checked_sub(event.elapsed).unwrap_or(self.start);
        for line in self.announcer.lines(event, progress) {
            self.say(&line.paint(self.color))?;
        }
        Ok(())
    }

    fn tick(&mut self, progress: &Progress) -> io::Result<()> {
        if self.last_said.elapsed() < HEARTBEAT {
            return Ok(());
        }
        self.say(&heartbeat(progress, self.start.elapsed()))?;
        self.out.flush()
    }

    fn flush(&mut self, _: &Progress) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, _: &Progress) -> io::Result<()> {
        self.out.flush()
    }
}

/// `still working: 31/50 done, 19 in flight (12 waiting for endpoints), oldest staging-07 4m12s`
fn heartbeat(progress: &Progress, now: Duration) -> String {
    let Some(phase) = progress.phase.as_ref().filter(|phase| phase.over.is_none()) else {
        return format!("still walking the organization, {}", words::duration(now));
    };
    let (done, all) = (phase.ended.len(), phase.targets.max(phase.ended.len()));
    let in_flight = progress.in_flight().count();
    let waiting = progress.in_flight().filter(|one| one.step == Step::Waiting).count();
    let queued = progress.running.len() - in_flight;
    let some = |count: usize, said: String| if count == 0 { String::new() } else { said };
    let waiting = some(waiting, format!(" ({waiting} waiting for endpoints)"));
    let queued = some(queued, format!(", {queued} queued"));
    let in_flight = some(in_flight, format!(", {in_flight} in flight{waiting}"));
    let oldest = progress.in_flight().min_by_key(|one| one.since).map(|one| {
        let age = words::duration(now.saturating_sub(one.since));
        format!(", oldest {} {age}", safe::text(&one.name))
    });
    let wave = progress.wave.as_ref().map(|wave| format!(", {}", wave.words(now)));
    let (wave, oldest) = (wave.unwrap_or_default(), oldest.unwrap_or_default());
    format!("still working: {done}/{all} done{wave}{in_flight}{queued}{oldest}")
}
