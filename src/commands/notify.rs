//! `audit --notify`: who is told, what they know already, and what is said when telling fails. The
//! audit's verdict stands either way.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use super::out;
use crate::audit::{Audit, Severity};
use crate::aws::Sessions;
use crate::config::Config;
use crate::model::failure::Failure;
use crate::report::notice::{Memory, News, Notice};
use crate::run::Channel;
use crate::run::journal::State;

/// What can be known, and go wrong, before the walk.
pub(super) struct Telling {
    channels: Vec<Channel>,
    min_severity: Severity,
    sandbox: bool,
    /// `None` where `--since` names a report to compare with.
    memory: Option<Kept>,
}

/// The memory, and a place for the next one.
struct Kept {
    memory: Memory,
    path: PathBuf,
    next: PathBuf,
    file: File,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // After it took its place there is nothing left to remove.
        fs::remove_file(&self.next).ok();
    }
}

/// What is said on stderr when all is done.
pub(super) enum Said {
    Fine(String),
    Wrong(String, Option<Failure>),
}

impl Said {
    pub(super) fn out(&self) {
        match self {
            Self::Fine(text) => out::stderr(&format!("{text}\n")),
            Self::Wrong(text, None) => out::error(text),
            Self::Wrong(text, Some(failure)) => out::failure(text, failure),
        }
    }
}

impl Telling {
    /// Prepares for `--notify`. `compares`: whether `--since` names a report. The error is for people.
    pub(super) fn prepare(
        config: &Config,
        compares: bool,
        sandbox: bool,
        state: &State,
    ) -> Result<Self, String> {
        let notify = config.notify.as_ref().ok_or_else(|| {
            "--notify tells whom accounts.toml names, and it has no [notify]: add one with `sns_topic` \
             or `webhook_env`"
                .to_owned()
        })?;
        let channels = Channel::of(notify, |name| env::var(name).ok())?;
        let memory = if compares { None } else { Some(Kept::open(config, state)?) };
        Ok(Self { channels, min_severity: notify.min_severity, sandbox, memory })
    }

    /// Tells each channel what it does not know yet. `whole`: the audit was of the whole organization.
    pub(super) async fn tell(
        mut self,
        sessions: &Sessions,
        audit: &Audit,
        whole: bool,
        places: &[String],
    ) -> Vec<Said> {
        let mut said = Vec::new();
        for channel in &self.channels {
            let name = channel.name();
            let known = self.memory.as_ref().and_then(|kept| kept.memory.of(&name));
            let first = self.memory.is_some() && known.is_none();
            let (since_told, afterwards) = News::since(audit, known, whole);
            let news = News::of_comparison(audit).filter(|_| self.memory.is_none());
            let news = news.unwrap_or(since_told).at_least(self.min_severity);
            let outcome = if news.is_empty() {
                let why = if first { "there is nothing to tell" } else { "nothing has changed" };
                Ok(format!("Not told: {name}; {why}."))
            } else if self.sandbox && !channel.is_within_sandbox() {
                Ok(format!("SANDBOX: not told: {name}, which is not on this machine ({news})."))
            } else {
                let notice = Notice::new(audit, &news, places);
                let told = channel.tell(sessions, &notice).await;
                told.map(|()| format!("Told: {name} ({news})."))
            };
            match outcome {
                Ok(text) => {
                    said.push(Said::Fine(text));
                    if let Some(kept) = &mut self.memory {
                        kept.memory.tell(&name, afterwards);
                    }
                }
                Err(failure) => {
                    let text = format!("the {name} was not told; the audit's verdict stands");
                    said.push(Said::Wrong(text, Some(failure)));
                }
            }
        }
        if let Some(Err(wrong)) = self.memory.map(Kept::keep) {
            said.push(Said::Wrong(wrong, None));
        }
        said
    }
}

impl Kept {
    fn open(config: &Config, state: &State) -> Result<Self, String> {
        let (folder, deployment) = (state.root(), config.deployment.as_str());
        // Shards may share a folder, and each tells its own news.
        let name = format!("audit-{}.json", config.lock_name());
        let (path, next) =
            (folder.join(&name), folder.join(format!(".{name}.{}", std::process::id())));
        let memory = match fs::read_to_string(&path) {
            Ok(text) => Memory::read(&text, deployment).map_err(|why| {
                format!(
                    "cannot use {}, what was told last: {why}; remove it to tell everything anew",
                    path.display()
                )
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Memory::empty(deployment),
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        };
        let file = fs::create_dir_all(folder).and_then(|()| File::create(&next)).map_err(|error| {
            format!(
                "cannot remember in {} what was told: {error}; name the last report with --since instead",
                folder.display()
            )
        })?;
        Ok(Self { memory, path, next, file })
    }

    /// Takes the place of the last one, whole or not at all.
    fn keep(mut self) -> Result<(), String> {
        // Plain structs with text keys always serialise.
        let text = serde_json::to_vec(&self.memory).unwrap_or_default();
        let kept = self
            .file
            .write_all(&text)
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.next, &self.path));
        kept.map_err(|error| {
            format!(
                "cannot remember in {} what was told: {error}; it will be told again",
                self.path.display()
            )
        })
    }
}

/// Where more is to be read: the page of the job that runs this, as its CI says, and the files of reports.
pub(super) fn places(reports: &[String]) -> Vec<String> {
    let var = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let github = || {
        let (server, repository) = (var("GITHUB_SERVER_URL")?, var("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", var("GITHUB_RUN_ID")?))
    };
    let job = github().or_else(|| var("CI_JOB_URL")).or_else(|| var("BUILD_URL"));
    let files = reports.iter().filter_map(|report| report.split_once('='));
    let files = files.map(|(_, path)| path.to_owned()).filter(|path| path != "-");
    job.into_iter().chain(files).collect()
}
