//! The organization that the book's commands work in: a folder with the scenario, a sandbox that serves it, and the
//! folder in which the commands are run.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// What commands find where they are run.
const FILES: [(&str, &str); 3] = [
    ("accounts.toml", include_str!("world/accounts.toml")),
    ("kms.json", include_str!("world/kms.json")),
    ("check.sh", include_str!("world/check.sh")),
];

const SCENARIO: &str = include_str!("world/organization.toml");

/// The account that is new where the rest has been served already.
const NEWEST: &str = "111122223333";

/// A folder as a page's commands find it.
pub(super) fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in FILES {
        fs::write(folder.path().join(name), text).unwrap();
    }
    run(Command::new("chmod").args(["+x", "check.sh"]).current_dir(folder.path()));
    folder
}

pub(super) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_linkwalk")
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{stdout}\n{stderr}");
    stdout
}

/// Which accounts have their endpoints when a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    Nobody,
    AllButTheNewest,
    All,
}

/// An organization in a sandbox that is served.
pub(super) struct World {
    folder: TempDir,
    server: Option<(Child, Vec<(String, String)>)>,
}

impl World {
    /// As a run has left it.
    pub(super) fn new(served: Served) -> Self {
        let folder = folder();
        fs::write(folder.path().join("organization.toml"), SCENARIO).unwrap();
        if served != Served::Nobody {
            let kept = folder.path().join(".linkwalk/sandbox");
            fs::create_dir_all(&kept).unwrap();
            let left = left_behind(served);
            fs::copy(left, kept.join(left.file_name().unwrap())).unwrap();
        }
        Self { folder, server: None }
    }

    /// The environment that `sandbox serve` printed.
    pub(super) fn environment(&mut self) -> &[(String, String)] {
        let folder = self.folder.path();
        let (_, environment) = self.server.get_or_insert_with(|| serve(folder));
        environment
    }

    /// A command in the sandbox while it is not served.
    pub(super) fn past_the_server(&mut self, arguments: &[&str]) -> String {
        self.stop();
        in_sandbox(self.folder.path(), arguments)
    }

    fn stop(&mut self) {
        if let Some((mut server, _)) = self.server.take() {
            run(Command::new("kill").args(["-INT", &server.id().to_string()]));
            server.wait().unwrap();
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((server, _)) = &mut self.server {
            server.kill().ok();
            server.wait().ok();
        }
    }
}

fn in_sandbox(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program());
    command.current_dir(folder).arg("--sandbox=organization.toml").args(arguments);
    run(&mut command)
}

fn serve(folder: &Path) -> (Child, Vec<(String, String)>) {
    let mut server = Command::new(program())
        .args(["sandbox", "serve", "--world", "organization.toml", "--port", "0"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let exports = BufReader::new(server.stdout.take().unwrap()).lines().take(6);
    let read = |line: String| {
        let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    let environment = exports.map(|line| read(line.unwrap()).unwrap()).collect();
    (server, environment)
}

/// The world in which these accounts have been served, as the sandbox keeps it; made once.
fn left_behind(served: Served) -> &'static Path {
    static ALL_BUT_THE_NEWEST: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    static ALL: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (left, narrowed) = match served {
        Served::All => (&ALL, String::new()),
        _ => (&ALL_BUT_THE_NEWEST, format!("\n[accounts]\nexclude = [\"{NEWEST}\"]\n")),
    };
    let make = || {
        let folder = folder();
        let path = folder.path();
        fs::write(path.join("organization.toml"), SCENARIO).unwrap();
        let accounts = path.join("accounts.toml");
        let text = fs::read_to_string(&accounts).unwrap();
        fs::write(accounts, text + &narrowed).unwrap();
        in_sandbox(path, &["apply", "--yes"]);
        let kept = fs::read_dir(path.join(".linkwalk/sandbox")).unwrap();
        let mut kept = kept.map(|entry| entry.unwrap().path());
        let file = kept.find(|file| file.extension().is_some_and(|end| end == "json")).unwrap();
        (folder, file)
    };
    &left.get_or_init(make).1
}
