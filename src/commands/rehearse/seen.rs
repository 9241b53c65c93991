//! What is seen of a rehearsed run: every event, folded once.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::heart::Heart;
use crate::cli::Output;
use crate::commands::screen::Screen;
use crate::report::Reporter;
use crate::report::event::{Event, EventKind, Message, Phase};
use crate::report::jsonl::Jsonl;
use crate::report::progress::Progress;
use crate::report::rehearsal::Quickest;
use crate::report::rehearsal::timeline::Timeline;

/// What was seen of a run.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) progress: Progress,
    pub(super) timeline: Timeline,
    pub(super) quickest: Quickest,
    /// When the walk was over, since the run began.
    pub(super) walked: Duration,
    /// When everything was observed.
    pub(super) observed: Duration,
}

impl Seen {
    fn apply(&mut self, event: &Event) {
        self.progress.apply(event);
        self.timeline.apply(event);
        self.quickest.apply(event);
        match &event.kind {
            EventKind::Discovered { .. } => {
                (self.walked, self.observed) = (event.elapsed, event.elapsed);
            }
            EventKind::PhaseFinished { phase: Phase::Observe } => self.observed = event.elapsed,
            _ => {}
        }
    }
}

/// Takes in the events of a run, until there will be no more.
pub(super) fn listen(
    mut receiver: UnboundedReceiver<Message>,
    screen: Screen,
    quiet: bool,
) -> JoinHandle<Seen> {
    let mut stream = (screen.output == Output::Jsonl).then(|| Jsonl::new(io::stdout()));
    let mut heart = Heart::new(quiet);
    tokio::spawn(async move {
        let mut seen = Seen::default();
        while let Some(message) = receiver.recv().await {
            match message {
                Message::Event(event) => {
                    seen.apply(&event);
                    if let Some(lines) = &mut stream
                        && lines.event(&event, &seen.progress).is_err()
                    {
                        // Whoever read it has had enough; the rehearsal may still write its page.
                        stream = None;
                    }
                    heart.beat(&seen.progress);
                }
                // Whoever asked may have gone since.
                Message::Flush(done) => done.send(()).unwrap_or_default(),
            }
        }
        heart.stop();
        seen
    })
}
