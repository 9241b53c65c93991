//! The file that is written: never over another, and whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::commands::out;

/// Where the text goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// To stdout.
    Stdout,
    /// Into a file of its own.
    File(PathBuf),
}

impl Place {
    /// Looks whether it can be written there, before anybody is asked anything. The error is for people.
    pub(super) fn new(to: &Path) -> Result<Self, String> {
        if to == Path::new("-") {
            return Ok(Self::Stdout);
        }
        // A link that leads nowhere is there as well.
        if fs::symlink_metadata(to).is_ok() {
            return Err(there_already(to));
        }
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => Err(format!(
                "cannot write {}: there is no folder {}",
                to.display(),
                folder.display()
            )),
            _ if to.file_name().is_none() => Err(format!("--to {} is not a file", to.display())),
            _ => Ok(Self::File(to.to_owned())),
        }
    }

    /// Writes it. The error is for people, and then there is no file.
    pub(super) fn write(&self, text: &str) -> Result<(), String> {
        let Self::File(path) = self else {
            out::stdout(text);
            return Ok(());
        };
        let failed = |error: io::Error| format!("cannot write {}: {error}", path.display());
        // Somebody may have made one meanwhile: then this fails and theirs stays.
        let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(there_already(path));
            }
            opened => opened.map_err(failed)?,
        };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| {
            drop(fs::remove_file(path));
            failed(error)
        })
    }
}

fn there_already(path: &Path) -> String {
    let path = path.display();
    format!(
        "{path} is there already, and init never overwrites: nothing was done\n  help: `linkwalk init --to FILE` \
         writes another; `linkwalk plan` works with the one that is there"
    )
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_file_that_is_there_stays_as_it_is() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("accounts.toml");
        let place = Place::new(&path).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(Place::new(&path).unwrap_err().contains("never overwrites"));
        assert!(place.write("other").unwrap_err().contains("never overwrites"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_not_followed() {
        let folder = TempDir::new().unwrap();
        let (link, end) = (folder.path().join("accounts.toml"), folder.path().join("elsewhere"));
        let place = Place::new(&link).unwrap();
        std::os::unix::fs::symlink(&end, &link).unwrap();
        assert!(Place::new(&link).is_err() && place.write("x").is_err() && !end.exists());
    }

    #[test]
    fn a_place_where_nothing_can_be_is_refused_at_once() {
        let folder = TempDir::new().unwrap();
        for (to, says) in [("nowhere/accounts.toml", "no folder"), ("..", "already")] {
            assert!(Place::new(&folder.path().join(to)).unwrap_err().contains(says), "{to}");
        }
        assert_eq!(Place::new(Path::new("-")), Ok(Place::Stdout));
    }
}
