//! examples/scheduled: each file is judged by what knows its format, and what it runs is run.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::root;

/// A program of Python in the environment that holds the judges; it must succeed. Answers what it prints.
pub(super) fn python(arguments: &[&str], files: &[PathBuf]) -> String {
    ran(Command::new(judges().join("python")).args(arguments).args(files))
}

/// The programs of that environment.
fn judges() -> PathBuf {
    let scripts = root().join("scripts");
    let home =
        ran(Command::new(scripts.join("venv")).arg(scripts.join("requirements-examples.txt")));
    Path::new(home.trim()).join("bin")
}

fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let [told, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?}\n{told}\n{complaints}");
    told
}
