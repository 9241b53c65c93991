//! What people and machines see of a run. Work says what happened, as [`event`]s; one task folds them
//! into [`progress`] and hands both to a [`Reporter`]. Nothing here knows how work is done.

pub mod accounts;
pub mod announce;
pub mod audit;
pub mod codes;
pub mod contract;
pub mod doctor;
pub mod event;
pub mod jsonl;
pub mod live;
pub mod merge;
pub mod mode;
pub mod notice;
pub mod outcomes;
pub mod paint;
pub mod plain;
pub mod plan_json;
pub mod plan_text;
pub mod plan_waves;
pub mod progress;
pub mod rehearsal;
pub mod runs;
pub mod safe;
pub mod summary;
pub mod trouble;
pub mod tty;
pub mod waves;
pub mod words;

use std::io;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::report::event::{Event, EventKind, Message};
use crate::report::progress::Progress;
use crate::shutdown::{Level, Shutdown};

/// How often a reporter may redraw.
const TICK: Duration = Duration::from_millis(100);

/// Messages taken at once.
const BATCH: usize = 256;

/// The human or machine that watches.
pub trait Reporter: Send {
    /// Something happened; `progress` has taken it in already.
    fn event(&mut self, event: &Event, progress: &Progress) -> io::Result<()>;

    /// Time passed while something is under way.
    fn tick(&mut self, _progress: &Progress) -> io::Result<()> {
        Ok(())
    }

    /// Makes everything visible and leaves the terminal to the caller, until the next event.
    fn flush(&mut self, _progress: &Progress) -> io::Result<()> {
        Ok(())
    }

    /// The stream has ended.
    fn finish(&mut self, _progress: &Progress) -> io::Result<()> {
        Ok(())
    }
}

/// Several reporters that see the same; none of them is `--quiet`.
impl Reporter for Vec<Box<dyn Reporter>> {
    fn event(&mut self, event: &Event, progress: &Progress) -> io::Result<()> {
        self.iter_mut().try_for_each(|one| one.event(event, progress))
    }

    fn tick(&mut self, progress: &Progress) -> io::Result<()> {
        self.iter_mut().try_for_each(|one| one.tick(progress))
    }

    fn flush(&mut self, progress: &Progress) -> io::Result<()> {
        self.iter_mut().try_for_each(|one| one.flush(progress))
    }

    fn finish(&mut self, progress: &Progress) -> io::Result<()> {
        self.iter_mut().try_for_each(|one| one.finish(progress))
    }
}

/// Starts the one consumer of the stream. It ends when every sender is gone, and returns what it
/// counted. When the reporter cannot write any more (a closed pipe), the run is asked to drain and
/// goes on unseen.
pub fn spawn(
    receiver: UnboundedReceiver<Message>,
    reporter: Box<dyn Reporter>,
    shutdown: Shutdown,
) -> JoinHandle<Progress> {
    let progress = Progress::default();
    let consumer = Consumer { reporter: Some(reporter), progress, shutdown, is_held: false };
    let handle = Handle::current();
    match handle.runtime_flavor() {
        // On a thread of its own: a terminal stopped with Ctrl-S, or a pager that is not read, must not stop
        // the work, and no thread of the runtime has to be replaced by another while it writes.
        RuntimeFlavor::MultiThread => {
            tokio::task::spawn_blocking(move || handle.block_on(consumer.run(receiver)))
        }
        _ => tokio::spawn(consumer.run(receiver)),
    }
}

struct Consumer {
    /// `None` once it could not write.
    reporter: Option<Box<dyn Reporter>>,
    progress: Progress,
    shutdown: Shutdown,
    /// The terminal is the caller's.
    is_held: bool,
}

impl Consumer {
    async fn run(mut self, mut receiver: UnboundedReceiver<Message>) -> Progress {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let is_live = self.progress.is_live() && !self.is_held && self.reporter.is_some();
            tokio::select! {
                count = receiver.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    batch.drain(..).for_each(|message| self.take(message));
                }
                _ = ticks.tick(), if is_live => {
                    self.show(|reporter, progress| reporter.tick(progress));
                }
            }
        }
        self.show(|reporter, progress| reporter.finish(progress));
        self.progress
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Event(mut event) => {
                self.is_held = false;
                // Senders on two threads can overtake each other between the clock and the channel.
                event.elapsed = event.elapsed.max(self.progress.elapsed);
                self.progress.apply(&event);
                self.show(|reporter, progress| reporter.event(&event, progress));
            }
            Message::Flush(done) => {
                self.show(|reporter, progress| reporter.flush(progress));
                self.is_held = true;
                // Whoever asked may have gone since, which is theirs to know.
                done.send(()).ok();
            }
        }
    }

    fn show(&mut self, write: impl FnOnce(&mut dyn Reporter, &Progress) -> io::Result<()>) {
        let Some(reporter) = &mut self.reporter else { return };
        if write(reporter.as_mut(), &self.progress).is_err() {
            self.reporter = None;
            self.shutdown.request(Level::Drain);
            let kind = EventKind::ShutdownRequested { level: "drain" };
            self.progress.apply(&Event { elapsed: self.progress.elapsed, kind });
        }
    }
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests;
