//! Stopping: signals become levels, and levels only rise.
//!
//! | request          | level   | meaning                                                        |
//! |------------------|---------|----------------------------------------------------------------|
//! | none             | `Run`   | go on                                                          |
//! | Ctrl-C, SIGTERM  | `Drain` | start nothing new; what is in flight finishes and is reported  |
//! | a second one     | `Abort` | stop waiting; say what is in flight                            |
//! | a third one      |         | the program exits at once with 130                             |
//!
//! A mutating call is never dropped at any level: only queues, sleeps and waits listen to this.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::report::event::{EventKind, Events};

/// How much of the run is still wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All of it.
    Run,
    /// What has begun.
    Drain,
    /// Nothing but the report.
    Abort,
}

/// A handle on the level of one run. All clones share it.
#[derive(Debug, Clone)]
pub struct Shutdown {
    level: watch::Sender<Level>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A run that nobody has asked to stop.
    pub fn new() -> Self {
        Self { level: watch::Sender::new(Level::Run) }
    }

    /// The level now.
    pub fn level(&self) -> Level {
        *self.level.borrow()
    }

    /// Raises the level; never lowers it. Whether it rose.
    pub fn request(&self, level: Level) -> bool {
        self.level.send_if_modified(|now| {
            let rises = level > *now;
            *now = level.max(*now);
            rises
        })
    }

    /// Resolves when the level is reached, at once if it is already.
    pub fn at_least(&self, level: Level) -> impl Future<Output = ()> + Send + use<> {
        let sender = self.level.clone();
        async move {
            let reached = sender.subscribe().wait_for(|now| *now >= level).await.is_ok();
            debug_assert!(reached, "the sender lives as long as this future");
        }
    }

    /// Turns SIGINT, SIGTERM and SIGHUP into levels for as long as the runtime lives, and tells the
    /// stream of each; it does not keep the stream open. A SIGHUP that the program was started to
    /// ignore (`nohup`) stays ignored.
    ///
    /// # Errors
    /// When the system refuses to register a signal.
    pub fn listen(&self, events: &Events) -> std::io::Result<()> {
        let mut signals = signals()?;
        let (shutdown, events) = (self.clone(), events.downgrade());
        tokio::spawn(async move {
            while any(&mut signals).await {
                match shutdown.escalate() {
                    Some(level) => events.send(EventKind::ShutdownRequested { level }),
                    None => std::process::exit(Exit::Interrupted.code().into()),
                }
            }
        });
        Ok(())
    }

    /// One more request to stop: the next level by its name in the stream, or `None` when there is
    /// nothing left to ask for.
    fn escalate(&self) -> Option<&'static str> {
        let (next, name) = match self.level() {
            Level::Run => (Level::Drain, "drain"),
            Level::Drain => (Level::Abort, "abort"),
            Level::Abort => return None,
        };
        self.request(next);
        Some(name)
    }
}

/// The signals to listen to.
fn signals() -> std::io::Result<Vec<Signal>> {
    let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
    // Where there is no /proc nothing counts as ignored.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !is_ignored(&status, SignalKind::hangup().as_raw_value()) {
        kinds.push(SignalKind::hangup());
    }
    kinds.into_iter().map(signal).collect()
}

/// Whether the mask of ignored signals in /proc/self/status (proc(5), `SigIgn`) has this signal.
fn is_ignored(status: &str, number: i32) -> bool {
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

/// Waits for any of the signals; `false` when none can come any more.
async fn any(signals: &mut [Signal]) -> bool {
    let next = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    futures::future::select_all(next).await.0.is_some()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[test]
    fn the_level_only_rises() {
        use Level::{Abort, Drain, Run};
        for now in [Run, Drain, Abort] {
            for asked in [Run, Drain, Abort] {
                let shutdown = Shutdown::new();
                shutdown.request(now);
                assert_eq!(shutdown.request(asked), asked > now, "{now:?} then {asked:?}");
                assert_eq!(shutdown.level(), now.max(asked), "{now:?} then {asked:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_level_is_reached_by_itself_or_by_a_stronger_one() {
        let shutdown = Shutdown::new();
        let drained = tokio::spawn(shutdown.at_least(Level::Drain));
        assert!(timeout(Duration::from_hours(1), shutdown.at_least(Level::Drain)).await.is_err());
        shutdown.request(Level::Abort);
        drained.await.unwrap();
        shutdown.at_least(Level::Drain).await;
        shutdown.at_least(Level::Abort).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_level_can_be_awaited_after_every_handle_is_gone() {
        let shutdown = Shutdown::new();
        let never = shutdown.at_least(Level::Drain);
        drop(shutdown);
        assert!(timeout(Duration::from_hours(1), never).await.is_err());
    }

    #[test]
    fn once_drains_twice_aborts_and_the_third_time_there_is_nothing_left_to_ask() {
        let shutdown = Shutdown::new();
        assert_eq!(shutdown.escalate(), Some("drain"));
        assert_eq!(shutdown.level(), Level::Drain);
        assert_eq!(shutdown.escalate(), Some("abort"));
        assert_eq!(shutdown.level(), Level::Abort);
        assert_eq!(shutdown.escalate(), None);
    }

    #[test]
    fn a_run_that_drains_because_its_output_is_closed_aborts_at_the_first_signal() {
        let shutdown = Shutdown::new();
        shutdown.request(Level::Drain);
        assert_eq!(shutdown.escalate(), Some("abort"));
    }

    #[test]
    fn the_mask_of_ignored_signals_is_read_as_the_kernel_writes_it() {
        let nohup = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert!(is_ignored(nohup, 1));
        assert!(!is_ignored(nohup, 2));
        assert!(is_ignored(nohup, 13));
        assert!(!is_ignored("", 1));
        assert!(!is_ignored("SigIgn:\tnonsense\n", 1));
    }

    #[tokio::test]
    async fn listening_does_not_keep_the_stream_open() {
        let (events, mut receiver) = Events::channel();
        Shutdown::new().listen(&events).unwrap();
        drop(events);
        assert!(receiver.recv().await.is_none());
    }
}
