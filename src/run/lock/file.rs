//! A lock in a file: the system's own lock on it, which ends with the process, and who holds it inside.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::owner::{Owner, host};
use super::{Refused, Taken};
use crate::locked::{Locked, NotLocked};
use crate::run::journal::private;

/// A lock that is held.
#[derive(Debug)]
pub(super) struct FileLock {
    file: Locked,
}

/// Takes the lock. What a process on this machine left behind is taken over.
pub(super) fn take(path: &Path, owner: &Owner) -> Result<(FileLock, Taken), Refused> {
    let (mut file, found) = locked(path)?;
    let taken = match found {
        Found::Free => Taken::Free,
        Found::Left(Some(left)) if left.host != host() => {
            return Err(Refused::Held { owner: left, is_alive: false });
        }
        Found::Left(left) => Taken::Over(left),
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
            Ok(*left)
        }
        Found::Left(Some(left)) => Err(Refused::Held { owner: left, is_alive: false }),
        Found::Left(None) | Found::Free => Err(Refused::Free),
    }
}

/// Refuses where somebody holds this lock; takes nothing.
pub(super) fn look(path: &Path) -> Result<(), Refused> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(path, &error)),
    };
    // Shared, so that several may look at a time.
    let is_alive = match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => return Err(failed(path, &error)),
    };
    let text = read(&mut file, path);
    if !is_alive {
        file.unlock().map_err(|error| failed(path, &error))?;
    }
    match (Owner::from_text(&text?), is_alive) {
        (Some(owner), true) => Err(Refused::Held { owner: Box::new(owner), is_alive }),
        (Some(owner), false) if owner.host != host() => {
            Err(Refused::Held { owner: Box::new(owner), is_alive })
        }
        (None, true) => Err(Refused::HeldBySomebody(path.to_owned())),
        (_, false) => Ok(()),
    }
}

/// The locks beside this one whose names begin so.
pub(super) fn beginning_with(root: &Path, name: &str) -> Result<Vec<PathBuf>, Refused> {
    let folder = root.join("locks");
    let wrong = |error: io::Error| failed(&folder, &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(&folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if entry.file_name().to_string_lossy().starts_with(name) {
            paths.push(entry.path());
        }
    }
    Ok(paths)
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
    Left(Option<Box<Owner>>),
}

fn locked(path: &Path) -> Result<(Locked, Found), Refused> {
    let opened = path.parent().map_or(Ok(()), private).and_then(|()| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
    });
    let file = opened.map_err(|error| failed(path, &error))?;
    let mut file = match Locked::now(file) {
        Ok(file) => file,
        Err(NotLocked::Held(mut file)) => {
            return Err(match Owner::from_text(&read(&mut file, path)?) {
                Some(owner) => Refused::Held { owner: Box::new(owner), is_alive: true },
                None => Refused::HeldBySomebody(path.to_owned()),
            });
        }
        Err(NotLocked::Failed(error)) => return Err(failed(path, &error)),
    };
    let text = read(&mut file, path)?;
    let found = match Owner::from_text(&text) {
        None if text.trim().is_empty() => Found::Free,
        owner => Found::Left(owner.map(Box::new)),
    };
    Ok((file, found))
}

fn read(file: &mut File, path: &Path) -> Result<String, Refused> {
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| failed(path, &error))?;
    Ok(text)
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn owner(run: &str) -> Owner {
        Owner::new("d", run, "apply", Timestamp::now())
    }

    fn lock() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&folder.path().join("state"), "d");
        (folder, path)
    }

    #[test]
    fn the_second_is_told_who_the_first_is_until_that_gives_it_back() {
        let (_folder, path) = lock();
        let (held, taken) = take(&path, &owner("first")).unwrap();
        assert!(matches!(taken, Taken::Free));
        for refused in
            [take(&path, &owner("second")).map(|_| ()), break_open(&path, "first").map(drop)]
        {
            let Err(Refused::Held { owner, is_alive: true }) = &refused else {
                panic!("{refused:?}")
            };
            assert_eq!((owner.run.as_str(), owner.pid), ("first", std::process::id()));
            let said = refused.unwrap_err().in_words(Timestamp::now());
            assert!(
                said.contains("run first (apply) of ") && said.contains("is running"),
                "{said}"
            );
        }
        held.release().unwrap();
        assert!(matches!(take(&path, &owner("second")), Ok((_, Taken::Free))));
    }

    #[test]
    fn the_lock_of_a_process_that_ended_here_is_taken_over_and_said() {
        let (_folder, path) = lock();
        // Dropped and not released: as the system leaves it when the process is killed.
        drop(take(&path, &owner("first")).unwrap());
        let (_held, taken) = take(&path, &owner("second")).unwrap();
        let Taken::Over(Some(left)) = taken else { panic!("it was free") };
        assert_eq!(left.run, "first");
    }

    #[test]
    fn a_lock_torn_by_a_crash_is_taken_over() {
        let (_folder, path) = lock();
        drop(take(&path, &owner("first")).unwrap());
        std::fs::write(&path, "{\"form").unwrap();
        assert!(matches!(take(&path, &owner("second")), Ok((_, Taken::Over(None)))));
    }

    #[test]
    fn the_lock_of_another_machine_is_only_broken_on_purpose_and_by_its_run() {
        let (_folder, path) = lock();
        drop(take(&path, &Owner { host: "elsewhere".to_owned(), ..owner("first") }).unwrap());
        let refused = take(&path, &owner("second")).map(|_| ()).unwrap_err();
        let said = refused.in_words(Timestamp::now());
        assert!(said.contains("elsewhere") && said.contains("force-unlock first"), "{said}");
        assert!(matches!(break_open(&path, "other"), Err(Refused::Held { .. })));
        assert_eq!(break_open(&path, "first").unwrap().host, "elsewhere");
        assert!(matches!(break_open(&path, "first"), Err(Refused::Free)));
        assert!(matches!(take(&path, &owner("second")), Ok((_, Taken::Free))));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told() {
        let (folder, _) = lock();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refused = take(&path(&file, "d"), &owner("first")).map(|_| ()).unwrap_err();
        let said = refused.in_words(Timestamp::now());
        assert!(said.contains("cannot lock") && said.contains("--state-dir"), "{said}");
    }
}
