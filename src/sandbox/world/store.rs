//! Worlds in files.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{FORMAT, World};

/// Why a world could not be read or written.
#[derive(Debug)]
pub enum StoreError {
    /// The file could not be read or written.
    Io(PathBuf, std::io::Error),
    /// The file is not a world.
    NotAWorld(PathBuf, String),
    /// The file was written by another version of the sandbox.
    OtherFormat(PathBuf, u64),
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(out, "{}: {error}", path.display()),
            Self::NotAWorld(path, why) => {
                write!(out, "{} is not a sandbox world: {why}", path.display())
            }
            Self::OtherFormat(path, found) => write!(
                out,
                "{} holds a sandbox world of format {found}, this version reads format {FORMAT}; \
                 start anew by removing the file",
                path.display()
            ),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            Self::NotAWorld(..) | Self::OtherFormat(..) => None,
        }
    }
}

/// The one member all versions have.
#[derive(Deserialize)]
struct Header {
    format: u64,
}

impl World {
    /// Reads a world that [`World::save`] wrote.
    pub fn load(path: &Path) -> Result<Self, StoreError> {
        let bytes = fs::read(path).map_err(|error| StoreError::Io(path.to_owned(), error))?;
        let not_a_world =
            |error: serde_json::Error| StoreError::NotAWorld(path.to_owned(), error.to_string());
        let header: Header = serde_json::from_slice(&bytes).map_err(not_a_world)?;
        if header.format != u64::from(FORMAT) {
            return Err(StoreError::OtherFormat(path.to_owned(), header.format));
        }
        serde_json::from_slice(&bytes).map_err(not_a_world)
    }

    /// Reads a file in either form: a world as [`World::save`] wrote it, or the scenario of one.
    pub fn load_any(path: &Path) -> Result<Self, StoreError> {
        let text =
            fs::read_to_string(path).map_err(|error| StoreError::Io(path.to_owned(), error))?;
        if is_saved(&text) {
            return Self::load(path);
        }
        let not_a_world = |why: String| StoreError::NotAWorld(path.to_owned(), why);
        Self::from_scenario(&text).map_err(|error| not_a_world(error.to_string()))
    }

    /// Writes the world so that the file is always whole: into a neighbour, then renamed.
    pub fn save(&self, path: &Path) -> Result<(), StoreError> {
        let failed = |error| StoreError::Io(path.to_owned(), error);
        let bytes = serde_json::to_vec(self)
            .map_err(|error| StoreError::NotAWorld(path.to_owned(), error.to_string()))?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let neighbour = PathBuf::from(name);
        let written = fs::File::create(&neighbour).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&neighbour, path)).map_err(|error| {
            // The neighbour is worthless now; that it may stay behind is the lesser trouble.
            drop(fs::remove_file(&neighbour));
            failed(error)
        })
    }
}

/// Whether this is the text of a saved world, and not of a scenario.
fn is_saved(text: &str) -> bool {
    text.trim_start().starts_with('{')
}
