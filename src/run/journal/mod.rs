//! The journal of a run: what happened, and what was about to happen, on disk before it does. A run that
//! was killed is continued from it, and told from it alone.
//!
//! ```text
//! events ----------------------+
//! intent, durable, then send --+--> pen (one thread, group commit) --> RUN/journal.jsonl --read--> Past
//! answer ----------------------+
//! ```

mod entry;
mod folder;
mod past;
mod pen;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::Serialize;

use super::send::{Sent, operation, resource, send, token};
use super::{Run, Target};
use crate::aws::{Ec2, Request};
use crate::ids::{SecurityGroupId, TargetId};
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::action::{Action, ActionId};
use crate::report::event::{EventKind, Events, Recorder};
use crate::report::safe;
use crate::shutdown::{Level, Shutdown};
use pen::{OnFailure, Pen};

pub use entry::{Answer, Entry, FORMAT, Intent, Named, Opening};
pub(super) use folder::private;
pub use folder::{RunFolder, State, fresh_id};
pub use past::{Before, End, Past};
pub use pen::Paper;

/// A run's journal; nothing for runs that keep none. Clones are the same journal.
#[derive(Clone, Default)]
pub struct Journal(Option<Arc<Book>>);

struct Book {
    pen: Pen,
    /// Number of the last intent.
    calls: AtomicU64,
    /// Targets that an earlier process of the run has changed, or may have.
    changed: BTreeSet<TargetId>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Journal").field(&self.0.is_some()).finish()
    }
}

impl Journal {
    /// A journal written by a thread of its own. When it cannot be written any more the run is asked to
    /// drain: no mutating call is sent whose intent is not durable. `before` is what a journal that is
    /// continued says already.
    pub fn in_thread(
        paper: Box<dyn Paper>,
        before: Before,
        events: &Events,
        shutdown: &Shutdown,
    ) -> io::Result<Self> {
        Pen::in_thread(paper, on_failure(events, shutdown)).map(|pen| Self::of(pen, before))
    }

    /// The same, written at once wherever something is said: for simulated time.
    pub fn here(
        paper: Box<dyn Paper>,
        before: Before,
        events: &Events,
        shutdown: &Shutdown,
    ) -> Self {
        Self::of(Pen::here(paper, on_failure(events, shutdown)), before)
    }

    fn of(pen: Pen, Before { calls, changed }: Before) -> Self {
        Self(Some(Arc::new(Book { pen, calls: AtomicU64::new(calls), changed })))
    }

    /// Whether an earlier process of the run has changed this target, or may have.
    pub(super) fn has_changed(&self, target: &TargetId) -> bool {
        self.0.as_ref().is_some_and(|book| book.changed.contains(target))
    }

    /// Takes down every event.
    pub fn recorder(&self) -> Recorder {
        let journal = self.clone();
        Arc::new(move |event| journal.write(event))
    }

    /// Says who writes from here on; durable. The error is for people.
    pub async fn open(&self, opening: Opening) -> Result<(), String> {
        self.write_durably(&Entry::JournalOpened(opening)).await
    }

    /// Says which targets the run is about.
    pub fn scope(&self, targets: &[Arc<Target>]) {
        let named =
            |target: &Arc<Target>| Named { target: target.id.clone(), name: target.name.clone() };
        self.write(&Entry::Scope { targets: targets.iter().map(named).collect() });
    }

    /// Returns once everything said so far is durable. The error is for people.
    pub async fn settle(&self) -> Result<(), String> {
        match &self.0 {
            Some(book) => book.pen.write_durably(String::new()).await,
            None => Ok(()),
        }
    }

    fn write(&self, line: &impl Serialize) {
        if let Some(book) = &self.0 {
            // Serialising plain structs with text keys cannot fail.
            book.pen.write(safe::json(line).unwrap_or_default() + "\n");
        }
    }

    async fn write_durably(&self, line: &impl Serialize) -> Result<(), String> {
        match &self.0 {
            Some(book) => book.pen.write_durably(safe::json(line).unwrap_or_default() + "\n").await,
            None => Ok(()),
        }
    }
}

/// Whoever writes nothing any more changes nothing any more.
fn on_failure(events: &Events, shutdown: &Shutdown) -> OnFailure {
    let (events, shutdown) = (events.downgrade(), shutdown.clone());
    Box::new(move |why| {
        let text = format!(
            "the journal cannot be written: {why}; nothing new is started and nothing more is sent"
        );
        events.send(EventKind::Notice { text });
        if shutdown.request(Level::Drain) {
            events.send(EventKind::ShutdownRequested { level: "drain" });
        }
    })
}

/// Sends one action between its two lines of the journal. One whose intent could not be made durable is
/// not sent, and fails.
pub(super) async fn send_noted(
    run: &Run,
    target: &TargetId,
    ec2: &Ec2,
    action: &Action,
    groups: &BTreeMap<ActionId, SecurityGroupId>,
) -> Result<Sent, Failure> {
    let Some(book) = &run.journal.0 else { return send(ec2, &run.id, action, groups).await };
    let call = book.calls.fetch_add(1, Relaxed) + 1;
    let operation = operation(&action.verb);
    let intent = Intent {
        elapsed_ms: millis(run.events.elapsed()),
        call,
        target: target.clone(),
        action: action.id,
        what: in_words(action),
        operation: operation.to_owned(),
        client_token: token(&run.id, &action.verb, groups),
    };
    run.journal
        .write_durably(&Entry::Intent(intent))
        .await
        .map_err(|why| not_written(operation, &why))?;
    // What an earlier call left, whose answer nobody waited for.
    drop(ec2.take_requests());
    let answer = send(ec2, &run.id, action, groups).await;
    let requests: Vec<Request> = ec2.take_requests();
    run.journal.write(&Entry::Answer(Answer {
        elapsed_ms: millis(run.events.elapsed()),
        call,
        target: target.clone(),
        requests,
        resource: answer.as_ref().ok().and_then(resource),
        failure: answer.as_ref().err().cloned(),
    }));
    answer
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

fn in_words(action: &Action) -> String {
    format!("{} {}", action.verb.symbol(), action.what)
}

impl Intent {
    /// Whether this is an intent to do what the action does.
    pub(super) fn is_of(&self, action: &Action) -> bool {
        self.operation == operation(&action.verb) && self.what == in_words(action)
    }
}

/// The failure of an action that was not sent.
fn not_written(operation: &str, why: &str) -> Failure {
    let mut failure = Failure::local(
        operation,
        ErrorClass::Unknown,
        format!("not sent, because the journal cannot be written: {why}"),
    );
    failure.hint = Some("make room, then go on with `linkwalk apply --resume`".to_owned());
    failure
}
