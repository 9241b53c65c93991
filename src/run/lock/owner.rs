//! Who holds a lock.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Version of what is written into a lock.
const FORMAT: &str = "1.0";

/// Who holds a lock, as it is written into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Version.
    pub format: String,
    /// `lock`
    pub kind: String,
    /// The deployment that is locked.
    pub deployment: String,
    /// The run's id, by which the lock can be broken.
    pub run: String,
    /// The verb.
    pub command: String,
    /// The person, as the system knows them.
    pub user: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// When it was taken.
    pub since: Timestamp,
    /// When the holder last said that it lives.
    pub heard: Timestamp,
}

impl Owner {
    /// This process, holding from now on.
    pub fn new(deployment: &str, run: &str, command: &str, now: Timestamp) -> Self {
        Self {
            format: FORMAT.to_owned(),
            kind: "lock".to_owned(),
            deployment: deployment.to_owned(),
            run: run.to_owned(),
            command: command.to_owned(),
            user: user(),
            host: host(),
            pid: std::process::id(),
            since: now,
            heard: now,
        }
    }

    /// `me@runner-7`
    pub fn by(&self) -> String {
        format!("{}@{}", self.user, self.host)
    }

    /// How long nobody has heard of the holder.
    pub fn silence(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.heard)).unwrap_or_default()
    }

    /// `run 20261123T024501Z-ab12 (apply) of me@runner-7, process 4711, since 2026-11-23T02:45:01Z`
    pub fn in_words(&self) -> String {
        let Self { run, command, pid, since, .. } = self;
        format!("run {run} ({command}) of {}, process {pid}, since {since:.0}", self.by())
    }

    /// What is written into the lock.
    pub(super) fn to_text(&self) -> String {
        // Serialising a plain struct cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// What was written; `None` where it is torn or something else.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether it is certain that the holder's process has ended: it ran here, and is not there any more.
    pub(super) fn is_dead(&self) -> bool {
        let processes = std::path::Path::new("/proc");
        self.host == host()
            && processes.join("self").exists()
            && !processes.join(self.pid.to_string()).exists()
    }
}

/// The person who runs this.
fn user() -> String {
    let named =
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| "somebody".to_owned())
}

/// The machine's name.
pub fn host() -> String {
    let named = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .or_else(|| {
            let said = std::process::Command::new("hostname").output().ok()?;
            String::from_utf8(said.stdout).ok()
        });
    named.map_or_else(|| "this machine".to_owned(), |name| name.trim().to_owned())
}
