//! Two runs of one deployment at a time would plan against each other: the second is refused, and told who
//! the first is.

mod bucket;
mod file;
mod owner;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::aws::Sessions;
use crate::config::Config;
use crate::model::failure::Failure;
use crate::report::event::Events;
use crate::report::{safe, words};
use crate::shutdown::Shutdown;
use bucket::{BucketLock, Place, SILENT};
use file::FileLock;

pub use owner::{Owner, host};

/// A lock that is held: on this machine always, and in the bucket where accounts.toml names one.
#[derive(Debug)]
pub struct Lock {
    file: FileLock,
    bucket: Option<BucketLock>,
    /// What was found, for people; nothing where all was free.
    pub notes: Vec<String>,
}

/// What stood where the lock was taken.
enum Taken {
    Free,
    /// The lock of a process that has ended without giving it back.
    Over(Option<Box<Owner>>),
}

/// Why there is no lock.
#[derive(Debug)]
pub enum Refused {
    /// Another run holds it.
    Held {
        /// Which.
        owner: Box<Owner>,
        /// Whether it is certain that its process lives, on this machine.
        is_alive: bool,
    },
    /// A process on this machine holds it and has not said yet who it is.
    HeldBySomebody(PathBuf),
    /// Nobody holds it: there is nothing to break.
    Free,
    /// The lock could not be read or written; for people.
    Failed(String),
    /// AWS, or the way to it, refused.
    Aws(Failure),
}

impl Refused {
    /// For people: who holds it, how long nobody has heard of them, and what to do.
    pub fn in_words(&self, now: Timestamp) -> String {
        match self {
            Self::Held { owner, is_alive: true } => format!(
                "deployment {} is locked: {} is running on this machine; wait for it, or stop it with \
                 Ctrl-C (or `kill {}`)",
                safe::text(&owner.deployment),
                owner.in_words(),
                owner.pid
            ),
            Self::Held { owner, is_alive: false } => {
                let silence = owner.silence(now);
                let heard = if silence > SILENT {
                    format!(
                        "; not heard of for {}, it has probably ended",
                        words::duration(silence)
                    )
                } else {
                    format!("; last heard of {} ago", words::duration(silence))
                };
                format!(
                    "deployment {} is locked: {}{heard}\n  help: wait for it; if it is certain that it \
                     has ended, `linkwalk force-unlock {run}`, or go on with it: `linkwalk apply \
                     --resume {run}`",
                    safe::text(&owner.deployment),
                    owner.in_words(),
                    run = safe::text(&owner.run)
                )
            }
            Self::HeldBySomebody(path) => {
                format!(
                    "{} is locked by another linkwalk on this machine; wait for it",
                    path.display()
                )
            }
            Self::Free => "the deployment is not locked".to_owned(),
            Self::Failed(why) => why.clone(),
            Self::Aws(failure) => {
                let hint = failure.hint.as_ref().map(|hint| format!("\n  help: {hint}"));
                let said = safe::text(&failure.to_string());
                format!("cannot lock: {said}{}", hint.unwrap_or_default())
            }
        }
    }
}

/// Takes the lock of the deployment, on this machine and in the bucket, or neither.
pub async fn take(
    root: &Path,
    config: &Config,
    owner: Owner,
    sessions: &Sessions,
    (events, shutdown): (&Events, &Shutdown),
) -> Result<Lock, Refused> {
    let mut notes = Vec::new();
    let mut note = |taken: Taken| match taken {
        Taken::Free => {}
        Taken::Over(Some(left)) => notes.push(format!(
            "took over the lock of {}, which has ended without giving it back",
            left.in_words()
        )),
        Taken::Over(None) => notes.push("took over a lock that was left behind".to_owned()),
    };
    let (file, taken) = file::take(&file::path(root, &config.lock_name()), &owner)?;
    note(taken);
    if let Err(refused) = nobody_beside(root, config) {
        file.release().ok();
        return Err(refused);
    }
    let bucket = match place(config, sessions) {
        None => None,
        Some(place) => match in_bucket(place, config, owner, (events, shutdown)).await {
            Ok((lock, taken)) => {
                note(taken);
                Some(lock)
            }
            Err(refused) => {
                // The file's lock ends with the process in any case.
                file.release().ok();
                return Err(refused);
            }
        },
    };
    Ok(Lock { file, bucket, notes })
}

async fn in_bucket(
    place: Place,
    config: &Config,
    owner: Owner,
    (events, shutdown): (&Events, &Shutdown),
) -> Result<(BucketLock, Taken), Refused> {
    let name = match config.shard {
        Some(_) => key(config, &config.deployment),
        None => config.lock.as_ref().map(|lock| format!("{}{}", lock.prefix, config.shard_locks())),
    };
    let (lock, taken) = bucket::take(place.clone(), owner, events, shutdown).await?;
    match bucket::look(&place, &name.unwrap_or_default()).await {
        Ok(()) => Ok((lock, taken)),
        Err(refused) => {
            lock.release().await.ok();
            Err(refused)
        }
    }
}

/// A run of the whole stands in the way of every shard, and each shard in the way of the whole. Looked for
/// once the own lock is held: of two that begin at a time at least one sees the other.
fn nobody_beside(root: &Path, config: &Config) -> Result<(), Refused> {
    if config.shard.is_some() {
        return file::look(&file::path(root, &config.deployment));
    }
    let shards = file::beginning_with(root, &config.shard_locks())?;
    shards.iter().try_for_each(|path| file::look(path))
}

/// Breaks the lock that this run has left, wherever it has; answers who held it.
pub async fn break_open(
    root: &Path,
    config: &Config,
    run: &str,
    sessions: &Sessions,
) -> Result<Owner, Refused> {
    let here = match file::break_open(&file::path(root, &config.lock_name()), run) {
        Ok(owner) => Some(owner),
        Err(Refused::Free) => None,
        Err(refused) => return Err(refused),
    };
    let there = match place(config, sessions) {
        None => None,
        Some(place) => match bucket::break_open(&place, run).await {
            Ok(owner) => Some(owner),
            Err(Refused::Free) => None,
            Err(refused) => return Err(refused),
        },
    };
    here.or(there).ok_or(Refused::Free)
}

fn key(config: &Config, name: &str) -> Option<String> {
    config.lock.as_ref().map(|lock| format!("{}{name}.lock.json", lock.prefix))
}

fn place(config: &Config, sessions: &Sessions) -> Option<Place> {
    let lock = config.lock.as_ref()?;
    let region = lock.region.as_ref().unwrap_or(&config.organization.regions[0]);
    let key = key(config, &config.lock_name())?;
    let shown = format!("s3://{}/{key}", lock.bucket);
    let bucket = Arc::new(sessions.bucket(&lock.bucket, region));
    Some(Place { bucket, key, shown })
}

impl Lock {
    /// Gives the lock back. The error is for people, and no reason to call the run failed.
    pub async fn release(self) -> Result<(), String> {
        let bucket = match self.bucket {
            Some(bucket) => bucket.release().await,
            None => Ok(()),
        };
        self.file.release().map_err(|error| format!("cannot give the lock back: {error}"))?;
        bucket
    }
}
