//! Files that reports are written to. That they can be written is known before the walk; what was there
//! stays until the new report is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::report::audit::Format;

/// A place for one report.
#[derive(Debug)]
pub(super) struct ReportFile {
    pub(super) format: Format,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Stdout,
    /// Something that is there and no file, `/dev/null` say, is written to as it is.
    Device {
        shown: PathBuf,
        file: File,
    },
    /// A file is written beside its place, and takes it when it is whole.
    Beside {
        target: PathBuf,
        temporary: Temporary,
    },
}

/// A file that is gone when it is dropped, unless it took its place.
#[derive(Debug)]
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After it took its place there is nothing left to remove.
        fs::remove_file(&self.path).ok();
    }
}

/// Opens a place for each `FORMAT=PATH`; the error is for people.
pub(super) fn open(asked: &[String]) -> Result<Vec<ReportFile>, String> {
    let mut files: Vec<ReportFile> = Vec::new();
    for text in asked {
        let file = ReportFile::open(text)?;
        if files.iter().any(|other| other.is_same_place(&file)) {
            return Err(format!("--report {text}: another report goes to the same place"));
        }
        files.push(file);
    }
    Ok(files)
}

impl ReportFile {
    fn open(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("--report {text}: {why}");
        let (format, path) = text
            .split_once('=')
            .ok_or_else(|| wrong("write FORMAT=PATH, for example html=audit.html"))?;
        let format: Format = format.parse().map_err(|error| wrong(&format!("{error}")))?;
        let place = match path {
            "" => return Err(wrong("the path is missing; `-` is stdout")),
            "-" => Place::Stdout,
            path => place(Path::new(path)).map_err(|why| wrong(&why))?,
        };
        Ok(Self { format, place })
    }

    pub(super) fn is_stdout(&self) -> bool {
        matches!(self.place, Place::Stdout)
    }

    fn is_same_place(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::Stdout, Place::Stdout) => true,
            (Place::Beside { target, .. }, Place::Beside { target: theirs, .. }) => {
                target == theirs
            }
            _ => false,
        }
    }

    /// Writes the report, whole or not at all; the error is for people.
    pub(super) fn write(self, text: &str) -> Result<(), String> {
        let (shown, written) = match self.place {
            Place::Stdout => {
                super::out::stdout(text);
                return Ok(());
            }
            Place::Device { shown, mut file } => {
                let written = file.write_all(text.as_bytes());
                (shown, written)
            }
            Place::Beside { target, mut temporary } => {
                let written = temporary
                    .file
                    .write_all(text.as_bytes())
                    .and_then(|()| temporary.file.sync_all())
                    .and_then(|()| fs::rename(&temporary.path, &target));
                (target, written)
            }
        };
        written.map_err(|error| format!("cannot write the report {}: {error}", shown.display()))
    }
}

fn place(path: &Path) -> Result<Place, String> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(format!("{shown} is a folder; name a file in it")),
        Ok(there) => {
            // A file that must not be written must not be replaced either.
            let file = OpenOptions::new().append(true).open(path);
            let file = file.map_err(|error| format!("cannot write {shown}: {error}"))?;
            if !there.is_file() {
                return Ok(Place::Device { shown: path.to_owned(), file });
            }
            // A link stays a link: what it leads to is replaced.
            let target =
                fs::canonicalize(path).map_err(|error| format!("cannot write {shown}: {error}"))?;
            beside(target)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = match path.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            let name = path.file_name().ok_or_else(|| format!("{shown} names no file"))?;
            let folder = fs::canonicalize(folder)
                .map_err(|_| format!("there is no folder {}; make it first", folder.display()))?;
            beside(folder.join(name))
        }
        Err(error) => Err(format!("cannot write {shown}: {error}")),
    }
}

fn beside(target: PathBuf) -> Result<Place, String> {
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let path = target.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!(
            "another report goes to {}, or {} was left behind: remove it",
            target.display(),
            path.display()
        ),
        _ => format!("cannot write {}: {error}", target.display()),
    })?;
    Ok(Place::Beside { target, temporary: Temporary { path, file } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(asked: &[&str]) -> String {
        let asked: Vec<String> = asked.iter().map(|&text| text.to_owned()).collect();
        open(&asked).unwrap_err()
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_before_anything_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("json={}", folder.path().join(name).display());
        fs::create_dir(folder.path().join("there")).unwrap();
        for (asked, says) in [
            (vec!["html".to_owned()], "write FORMAT=PATH"),
            (vec!["pdf=x".to_owned()], "`pdf` is not a report format"),
            (vec!["json=".to_owned()], "the path is missing"),
            (vec![at("there")], "is a folder"),
            (vec![at("nowhere/report")], "there is no folder"),
            (vec![at("a"), at("there/../a")], "another report goes to"),
            (vec!["json=-".to_owned(), "csv=-".to_owned()], "the same place"),
        ] {
            let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
            let error = refused(&asked);
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn what_was_there_stays_until_the_report_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        let asked = [format!("json={}", path.display())];
        fs::write(&path, "old").unwrap();
        drop(open(&asked).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        for file in open(&asked).unwrap() {
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            file.write("new").unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_a_device_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("latest"), folder.path().join("of-today"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let asked = [format!("json={}", link.display()), "csv=/dev/null".to_owned()];
        for place in open(&asked).unwrap() {
            place.write("new").unwrap();
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
