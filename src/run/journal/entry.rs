//! The lines of a journal that are not events of the stream.

use serde::{Deserialize, Serialize};

use crate::aws::Request;
use crate::ids::TargetId;
use crate::model::failure::Failure;
use crate::plan::action::ActionId;

/// Version of the journal. A new minor adds fields or lines, which readers ignore; a new major may change
/// them, which readers refuse.
pub const FORMAT: &str = "1.0";

/// One line. Like the events it has its name in `event`, so that one reader reads both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Entry {
    /// A process has begun to write: the first line, and once more for each resumption.
    JournalOpened(Opening),
    /// What the run is about, once the organization was walked.
    Scope {
        /// Every target in scope, in the order of the walk.
        targets: Vec<Named>,
    },
    /// A mutating action is about to be sent. Durable before AWS sees the first of its calls.
    Intent(Intent),
    /// AWS has answered the last of its calls.
    Answer(Answer),
}

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// [`FORMAT`]
    pub format: String,
    /// `journal`
    pub kind: String,
    /// The program's version.
    pub version: String,
    /// The run's id.
    pub run: String,
    /// The verb: `apply`.
    pub command: String,
    /// The deployment's name.
    pub deployment: String,
    /// When, RFC 3339.
    pub at: String,
    /// `user@host`
    pub by: String,
    /// The process.
    pub pid: u32,
    /// Whether the run was begun by an earlier process.
    pub resumed: bool,
    /// Whether all of it happens in the sandbox and nothing is real.
    pub sandbox: bool,
}

/// A target with its account's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Which.
    pub target: TargetId,
    /// Untrusted text.
    pub name: String,
}

/// An action that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Since this process began.
    pub elapsed_ms: u64,
    /// Unique in the journal; the answer has the same.
    pub call: u64,
    /// Where.
    pub target: TargetId,
    /// Its number in the plan that is carried out.
    pub action: ActionId,
    /// For people: `+ ecr.api`.
    pub what: String,
    /// The API action of its first call.
    pub operation: String,
    /// The token under which AWS takes it once, however often it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// What became of an [`Intent`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Since this process began.
    pub elapsed_ms: u64,
    /// The intent's.
    pub call: u64,
    /// Where.
    pub target: TargetId,
    /// Every request that AWS answered, in order; an action can be several.
    pub requests: Vec<Request>,
    /// What was made or changed, where its id is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}
