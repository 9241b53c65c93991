//! Events: the one account of what happens in a run. The terminal, the plain lines and the JSON lines
//! are three readings of this stream and nothing else.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Deserializer, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::ids::TargetId;
use crate::model::failure::Failure;
use crate::plan::action::ActionId;
use crate::plan::outcome::Outcome;
use crate::report::contract;

/// Version of the event stream. A new minor adds fields or events, which readers ignore; a new major
/// may change them, which readers refuse.
pub const FORMAT: &str = "1.1";

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Since the run began.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis", deserialize_with = "from_millis")]
    #[schemars(with = "u64")]
    pub elapsed: Duration,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

fn as_millis<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

fn from_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

/// `drain` or `abort`.
type LevelName = &'static str;

fn level_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LevelName, D::Error> {
    let name = String::deserialize(deserializer)?;
    Ok(if name == "drain" { "drain" } else { "abort" })
}

/// What can happen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// Always first.
    RunStarted {
        /// Version of the event stream, MAJOR.MINOR.
        format: Cow<'static, str>,
        /// The program's version.
        version: Cow<'static, str>,
        /// The verb: `plan`, `apply`.
        command: String,
        /// The deployment's name.
        deployment: String,
        /// When, RFC 3339.
        started_at: String,
        /// Whether all of it happens in the sandbox and nothing is real.
        sandbox: bool,
    },
    /// The organization was walked.
    Discovered {
        /// Accounts that get endpoints.
        consumers: usize,
        /// Accounts left alone.
        skipped: usize,
        /// Targets in scope: consumers times regions.
        targets: usize,
    },
    /// A phase over all targets begins: `observe` or `apply`. Each target in it ends it once, by
    /// `TargetPlanned` or `TargetFinished`.
    PhaseStarted {
        /// The phase.
        phase: Phase,
        /// How many targets are in it.
        targets: usize,
    },
    /// Every target of the phase has ended it.
    PhaseFinished {
        /// The phase.
        phase: Phase,
    },
    /// The turn of a wave has come. Only where accounts.toml has waves.
    WaveStarted {
        /// Which.
        #[serde(flatten)]
        wave: WaveId,
        /// How many targets are in it.
        targets: usize,
        /// How many of them there is something to do in.
        to_change: usize,
        /// How many may be in flight at first; absent where no failure budget limits it.
        #[serde(skip_serializing_if = "Option::is_none")]
        width: Option<usize>,
    },
    /// Every target of the wave has ended.
    WaveFinished {
        /// Which.
        #[serde(flatten)]
        wave: WaveId,
        /// How many targets were in it.
        targets: usize,
        /// How many of them count as failed.
        failed: usize,
    },
    /// One more target has failed than may: nothing new is started.
    BudgetSpent {
        /// Whose budget, and how it stands, for people.
        reason: String,
    },
    /// The next wave waits for a while.
    BakeStarted {
        /// The wave that is over.
        #[serde(flatten)]
        wave: WaveId,
        /// How long.
        seconds: u64,
    },
    /// The next wave waits for a command's success.
    GateStarted {
        /// The wave that is over.
        #[serde(flatten)]
        wave: WaveId,
        /// The command.
        command: String,
    },
    /// The command between two waves wrote a line, to stdout or stderr; untrusted text.
    GateOutput {
        /// The line, without its end.
        line: String,
    },
    /// The command between two waves has ended, or was ended.
    GateFinished {
        /// The wave that is over.
        #[serde(flatten)]
        wave: WaveId,
        /// Whether the next wave may begin.
        passed: bool,
        /// How it ended, for people: `exited with 3`.
        how: String,
    },
    /// A target's turn has come.
    TargetStarted {
        /// Which.
        target: TargetId,
        /// The account's name; untrusted text.
        name: String,
    },
    /// A target goes on to its next step.
    TargetStep {
        /// Which.
        target: TargetId,
        /// What it does now.
        step: Step,
    },
    /// A target was observed and planned.
    TargetPlanned {
        /// Which.
        target: TargetId,
        /// The account's name; untrusted text.
        name: String,
        /// Actions that create.
        create: usize,
        /// Actions that change in place.
        modify: usize,
        /// Actions that delete.
        delete: usize,
        /// Blocked items.
        blocked: usize,
    },
    /// A mutating call is about to be sent.
    ActionStarted {
        /// Which target.
        target: TargetId,
        /// Which action.
        action: ActionId,
        /// For people: `+ ecr.api`.
        what: String,
    },
    /// A mutating call was answered.
    ActionFinished {
        /// Which target.
        target: TargetId,
        /// Which action.
        action: ActionId,
        /// For people: `+ ecr.api`.
        what: String,
        /// The resource's id, where it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        resource: Option<String>,
        /// Why it failed, if it did.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// An endpoint was seen in another state than before.
    EndpointState {
        /// Which target.
        target: TargetId,
        /// The service's short name.
        service: String,
        /// `vpce-...`
        endpoint: String,
        /// `pending`, `available`, ...
        state: String,
    },
    /// The audit found something that differs; told once all is known, before the run ends.
    Finding {
        /// What.
        finding: Box<crate::audit::Finding>,
    },
    /// What the doctor found in one target.
    Examined {
        /// The target and all that was checked in it.
        examined: Box<crate::doctor::Examined>,
    },
    /// AWS asked to slow down and the call is tried again; never a failure by itself.
    Throttled {
        /// Which target.
        target: TargetId,
        /// The API action.
        operation: String,
    },
    /// A target's end in this run. Exactly one per target in scope.
    TargetFinished {
        /// Which.
        target: TargetId,
        /// The account's name; untrusted text.
        name: String,
        /// Its outcome.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Someone pressed Ctrl-C or sent SIGTERM.
    ShutdownRequested {
        /// `drain` or `abort`
        #[serde(deserialize_with = "level_name")]
        level: LevelName,
    },
    /// Something about the whole run that a person should know: a lock that was taken over or lost, a
    /// journal that cannot be written any more.
    Notice {
        /// For people; untrusted text.
        text: String,
    },
    /// Always last.
    RunFinished {
        /// The process's exit code.
        exit_code: u8,
    },
}

/// A wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaveId {
    /// Which, from 1.
    pub wave: usize,
    /// Of how many.
    pub waves: usize,
    /// Its name, as accounts.toml gives it.
    pub wave_name: String,
}

impl fmt::Display for WaveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wave {} of {} ({})", self.wave, self.waves, self.wave_name)
    }
}

/// The phases of a run over all targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Reading and planning every target.
    Observe,
    /// Changing those that need it, waiting, verifying.
    Apply,
}

/// What a target is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Waiting for its turn to send.
    Queued,
    /// Being read.
    Observing,
    /// Being changed.
    Applying,
    /// Waiting for its endpoints.
    Waiting,
    /// Being read again.
    Verifying,
}

/// The JSON Schema of one event.
pub fn schema() -> Schema {
    contract::of::<Event>()
}

/// What travels to the reporter.
#[derive(Debug)]
pub enum Message {
    /// Something happened.
    Event(Box<Event>),
    /// Answer once everything before this is shown, so that the caller may write to the terminal.
    Flush(oneshot::Sender<()>),
}

/// Takes down every event as it is sent, before any reporter sees it. Must not wait.
pub type Recorder = Arc<dyn Fn(&Event) + Send + Sync>;

/// The sending side of the stream; cheap to clone. Sending never waits and never fails: when nobody
/// listens any more, there is nobody to tell.
#[derive(Clone)]
pub struct Events {
    sender: mpsc::UnboundedSender<Message>,
    start: Instant,
    recorder: Option<Recorder>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("start", &self.start).finish_non_exhaustive()
    }
}

impl Events {
    /// A stream that begins now, and its receiving side. Unbounded because a run has a few dozen
    /// events per target and a slow terminal must not slow the work.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender, start: Instant::now(), recorder: None }, receiver)
    }

    /// The same stream, taken down by `recorder` from here on.
    #[must_use]
    pub fn recorded(self, recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), ..self }
    }

    /// Since the stream began.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Says that something happened, now.
    pub fn send(&self, kind: EventKind) {
        let event = Event { elapsed: self.start.elapsed(), kind };
        if let Some(record) = &self.recorder {
            record(&event);
        }
        drop(self.sender.send(Message::Event(Box::new(event))));
    }

    /// Returns once everything sent so far has been shown.
    pub async fn flush(&self) {
        let (done, shown) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).is_ok() {
            drop(shown.await);
        }
    }

    /// A sender that does not keep the stream open, for those who outlive the run.
    pub fn downgrade(&self) -> WeakEvents {
        let sender = self.sender.downgrade();
        WeakEvents { sender, start: self.start, recorder: self.recorder.clone() }
    }
}

/// A sender that does not keep the stream open: the stream ends when all [`Events`] are gone, and
/// what this one sends afterwards reaches nobody.
#[derive(Clone)]
pub struct WeakEvents {
    sender: mpsc::WeakUnboundedSender<Message>,
    start: Instant,
    recorder: Option<Recorder>,
}

impl WeakEvents {
    /// Says that something happened, now.
    pub fn send(&self, kind: EventKind) {
        if let Some(sender) = self.sender.upgrade() {
            let (start, recorder) = (self.start, self.recorder.clone());
            Events { sender, start, recorder }.send(kind);
        }
    }
}
