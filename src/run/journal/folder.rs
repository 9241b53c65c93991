//! Where runs are kept: `STATE/runs/RUN/`, with `journal.jsonl`, `plan.json` and `report.json`.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::past::Past;
use crate::locked::{Locked, NotLocked};

/// The folder of everything that outlives a run.
#[derive(Debug, Clone)]
pub struct State {
    root: PathBuf,
}

/// The folder of one run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunFolder {
    /// The run's id, which is the folder's name.
    pub id: String,
    path: PathBuf,
}

fn locked(file: File) -> io::Result<Locked> {
    Locked::now(file).map_err(|why| match why {
        NotLocked::Held(_) => io::Error::other("another process is writing it"),
        NotLocked::Failed(error) => error,
    })
}

/// The id of a run that begins now: `20261123T024501Z-ab12`. It sorts by time and can be read.
pub fn fresh_id(now: Timestamp) -> String {
    // Two runs that begin in the same second differ in the rest of the clock and in the process.
    let salt = format!("{} {}", now.as_nanosecond(), std::process::id());
    let digest = hex::encode(Sha256::digest(salt));
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%SZ"), &digest[..4])
}

impl State {
    /// The state below this folder, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the folder of a new run, for its owner alone: names of accounts are nobody else's business.
    /// The error is for people.
    pub fn create(&self, id: &str) -> Result<RunFolder, String> {
        let folder = self.folder(id);
        let made = private(&self.root.join("runs"))
            .and_then(|()| DirBuilder::new().mode(0o700).create(&folder.path))
            .and_then(|()| File::open(self.root.join("runs"))?.sync_all());
        made.map_err(|error| {
            format!(
                "cannot keep a journal in {}: {error}; give another folder with --state-dir",
                folder.path.display()
            )
        })?;
        Ok(folder)
    }

    /// Every run, the newest first. None where nothing was ever kept.
    pub fn runs(&self) -> io::Result<Vec<RunFolder>> {
        let entries = match fs::read_dir(self.root.join("runs")) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().into_string();
            if let Ok(id) = name
                && entry.path().join("journal.jsonl").exists()
            {
                runs.push(RunFolder { id, path: entry.path() });
            }
        }
        runs.sort_by(|one, other| other.cmp(one));
        Ok(runs)
    }

    /// The run of this id, or the only one whose id begins so; without one the newest. The error is for
    /// people.
    pub fn find(&self, asked: Option<&str>) -> Result<RunFolder, String> {
        let shown = self.root.join("runs");
        let runs =
            self.runs().map_err(|error| format!("cannot read {}: {error}", shown.display()))?;
        let mut matching = runs.iter().filter(|run| asked.is_none_or(|id| run.id.starts_with(id)));
        match (matching.next(), matching.next(), asked) {
            (Some(run), _, None) | (Some(run), None, Some(_)) => Ok(run.clone()),
            (Some(one), Some(other), Some(asked)) => {
                match runs.iter().find(|run| run.id == asked) {
                    Some(run) => Ok(run.clone()),
                    None => Err(format!(
                        "`{asked}` is more than one run: {}, {}, ...",
                        other.id, one.id
                    )),
                }
            }
            (None, _, Some(asked)) => Err(format!(
                "there is no run `{asked}` in {}; `linkwalk runs` lists them",
                shown.display()
            )),
            (None, _, None) => {
                Err(format!("there is no run in {}: only `apply` keeps them", shown.display()))
            }
        }
    }

    fn folder(&self, id: &str) -> RunFolder {
        RunFolder { id: id.to_owned(), path: self.root.join("runs").join(id) }
    }
}

impl RunFolder {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new journal. It stays locked as long as it is open, by which others see that the run lives.
    pub fn new_journal(&self) -> Result<Locked, String> {
        let path = self.path.join("journal.jsonl");
        let opened = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path);
        let locked = opened.and_then(|file| {
            let file = locked(file)?;
            File::open(&self.path)?.sync_all()?;
            Ok(file)
        });
        locked.map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// The journal of a run that is continued, cut off after its last whole line.
    pub fn old_journal(&self, past: &Past) -> Result<Locked, String> {
        let path = self.path.join("journal.jsonl");
        let opened = OpenOptions::new().append(true).open(&path).and_then(|file| {
            let file = locked(file)?;
            if past.is_torn {
                file.set_len(past.whole)?;
            }
            Ok(file)
        });
        opened.map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// Whether a process on this machine is writing the journal.
    pub fn is_running(&self) -> bool {
        let file = File::open(self.path.join("journal.jsonl"));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Deletes it. The error is for people.
    pub fn delete(self) -> Result<(), String> {
        // Without its journal it is no run any more, should the rest stay.
        let gone = fs::remove_file(self.path.join("journal.jsonl"))
            .and_then(|()| fs::remove_dir_all(&self.path));
        gone.map_err(|error| format!("cannot delete {}: {error}", self.path.display()))
    }

    /// Whether a plan was kept: whether anything can have been changed.
    pub fn has_plan(&self) -> bool {
        self.path.join("plan.json").exists()
    }

    /// What the journal says. The error is for people.
    pub fn past(&self) -> Result<Past, String> {
        let path = self.path.join("journal.jsonl");
        let file = File::open(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Past::read(BufReader::new(file))
            .map_err(|why| format!("cannot read {}: {why}", path.display()))
    }

    /// A file beside the journal: `plan.json`, `report.json`; `None` where there is none.
    pub fn read(&self, name: &str) -> Result<Option<String>, String> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        }
    }

    /// Writes a file beside the journal so that it is whole or not there. The error is for people.
    pub fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let (path, neighbour) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&neighbour)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&neighbour, &path))
            .and_then(|()| File::open(&self.path)?.sync_all());
        written.map_err(|error| {
            // The neighbour is worthless now; that it may stay behind is the lesser trouble.
            drop(fs::remove_file(&neighbour));
            format!("cannot write {}: {error}", path.display())
        })
    }
}

/// Makes a folder and those above it, for their owner alone.
pub(in crate::run) fn private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_id_can_be_read_and_sorts_by_time() {
        let at = |text: &str| fresh_id(text.parse().unwrap());
        let ids =
            [at("2026-11-23T02:45:01Z"), at("2026-11-23T02:45:02Z"), at("2027-01-01T00:00:00Z")];
        assert!(ids.is_sorted() && ids[0].starts_with("20261123T024501Z-"), "{ids:?}");
        assert_eq!(ids[0].len(), 21);
        assert_ne!(ids[0], at("2026-11-23T02:45:01.000000001Z"));
    }

    fn some(state: &State, ids: &[&str]) {
        for id in ids {
            drop(state.create(id).unwrap().new_journal().unwrap());
        }
    }

    #[test]
    fn a_run_is_found_by_its_id_by_its_beginning_or_as_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path().join("state"));
        assert!(state.find(None).unwrap_err().contains("there is no run"));
        some(&state, &["20261123T01-aa", "20261123T02-bb", "20261123T02-bbc"]);
        // A folder without a journal is no run.
        state.create("20261124T00-cc").unwrap();
        for (asked, found) in [
            (None, Ok("20261123T02-bbc")),
            (Some("20261123T01"), Ok("20261123T01-aa")),
            (Some("20261123T02-bb"), Ok("20261123T02-bb")),
            (Some("20261123T02"), Err("more than one run")),
            (Some("20271123"), Err("no run `20271123`")),
            (Some("../20271123"), Err("no run")),
        ] {
            match (state.find(asked), found) {
                (Ok(run), Ok(id)) => assert_eq!(run.id, id),
                (Err(why), Err(said)) => assert!(why.contains(said), "{why}"),
                (run, _) => panic!("{asked:?}: {run:?}"),
            }
        }
    }

    #[test]
    fn what_is_kept_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path().join("state"));
        let run = state.create("r").unwrap();
        let journal = run.new_journal().unwrap();
        run.write("plan.json", "{}").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(state.root()), mode(run.path())), (0o700, 0o700));
        for name in ["journal.jsonl", "plan.json"] {
            assert_eq!(mode(&run.path().join(name)), 0o600, "{name}");
        }
        assert!(run.is_running());
        drop(journal);
        assert!(!run.is_running());
        assert_eq!(run.read("plan.json").unwrap().as_deref(), Some("{}"));
        assert_eq!(run.read("report.json"), Ok(None));
    }
}
