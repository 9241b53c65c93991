//! A lock in a file: the system's own lock on it, which ends with the process, and who holds it inside.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::owner::{Owner, host};
use super::{Refused, Taken};
use crate::run::journal::private;

/// A lock that is held.
#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
}

/// Takes the lock. What a process on this machine left behind is taken over.
pub(super) fn take(path: &Path, owner: &Owner) -> Result<(FileLock, Taken), Refused> {
    let (mut file, found) = locked(path)?;
    let taken = match found {
        Found::Free => Taken::Free,
        Found::Left(Some(left)) if left.host != host() => {
            return Err(Refused::Held { owner: Box::new(left), is_alive: false });
        }
        Found::Left(left) => Taken::Over(left.map(Box::new)),
    };
    let written = write(&mut file, &owner.to_text());
    written.map_err(|error| failed(path, &error))?;
    Ok((FileLock { file }, taken))
}

/// Forgets who held the lock, if it is this run and its process has ended.
pub(super) fn break_open(path: &Path, run: &str) -> Result<Owner, Refused> {
    let (mut file, found) = locked(path)?;
    match found {
        Found::Left(Some(left)) if left.run == run => {
            write(&mut file, "").map_err(|error| failed(path, &error))?;
            Ok(left)
        }
        Found::Left(Some(left)) => Err(Refused::Held { owner: Box::new(left), is_alive: false }),
        Found::Left(None) | Found::Free => Err(Refused::Free),
    }
}

impl FileLock {
    /// Gives the lock back.
    pub(super) fn release(mut self) -> io::Result<()> {
        write(&mut self.file, "")
    }
}

/// What a lock that no process holds says.
enum Found {
    Free,
    /// Somebody has not given it back; unknown who, where that is torn.
    Left(Option<Owner>),
}

fn locked(path: &Path) -> Result<(File, Found), Refused> {
    let opened = path.parent().map_or(Ok(()), private).and_then(|()| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
    });
    let mut file = opened.map_err(|error| failed(path, &error))?;
    let free = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => return Err(failed(path, &error)),
    };
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| failed(path, &error))?;
    let owner = Owner::from_text(&text);
    match (free, owner) {
        (true, owner) if owner.is_some() || !text.trim().is_empty() => {
            Ok((file, Found::Left(owner)))
        }
        (true, _) => Ok((file, Found::Free)),
        (false, Some(owner)) => Err(Refused::Held { owner: Box::new(owner), is_alive: true }),
        (false, None) => Err(Refused::HeldBySomebody(path.to_owned())),
    }
}

fn write(file: &mut File, text: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

fn failed(path: &Path, error: &io::Error) -> Refused {
    Refused::Failed(format!(
        "cannot lock {}: {error}; give another folder with --state-dir",
        path.display()
    ))
}

/// Where the lock of a deployment is, below the state's folder.
pub(super) fn path(root: &Path, deployment: &str) -> PathBuf {
    root.join("locks").join(format!("{deployment}.json"))
}
