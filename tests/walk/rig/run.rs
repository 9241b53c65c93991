//! The program, run in the test's directory with nothing of the surroundings but `PATH`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use super::{Call, Rig, emulator, is_mutating};

const LONGEST: Duration = Duration::from_mins(5);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; `None` for a death by signal.
    pub(crate) code: Option<i32>,
    /// Data.
    pub(crate) stdout: String,
    /// Progress and messages.
    pub(crate) stderr: String,
    /// Every AWS call it made in its organization, in order of arrival.
    pub(crate) calls: Vec<Call>,
}

impl Finished {
    /// Fails the test unless it ended with this code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test unless stderr says this, whatever the line breaks.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&self.stderr).contains(&words(text)), "no `{text}` in:\n{}", self.stderr);
        self
    }

    /// stdout as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }

    /// stdout as one JSON value per line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The actions that change something, in order of arrival.
    pub(crate) fn mutations(&self) -> Vec<&str> {
        let actions = self.calls.iter().map(|call| call.action.as_str());
        actions.filter(|action| is_mutating(action)).collect()
    }

    /// How often an action was called.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.calls.iter().filter(|call| call.action == action).count()
    }

    /// The outcome of an account by an `apply -o json`, in its first region.
    #[track_caller]
    pub(crate) fn outcome(&self, account: &str) -> String {
        let document = self.json();
        let targets = document["targets"].as_array().unwrap();
        let of = |target: &&Value| target["target"].as_str().unwrap().starts_with(account);
        let target = targets.iter().find(of).unwrap_or_else(|| panic!("{account}: {document:#}"));
        target["outcome"].as_str().unwrap().to_owned()
    }
}

/// A run under way.
pub(crate) struct Running<'a> {
    rig: &'a Rig,
    process: Child,
    watchdog: Watchdog,
    stdout: BufReader<ChildStdout>,
    stderr: JoinHandle<String>,
    mark: usize,
}

impl Rig {
    /// The program with these arguments, about to be run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linkwalk"));
        self.surround(&mut command);
        command.args(arguments);
        command
    }

    /// Gives a command this rig's directory, credentials and emulator, and nothing else.
    pub(crate) fn surround(&self, command: &mut Command) {
        command
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.folder())
            .env("AWS_ENDPOINT_URL", emulator::address())
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", &self.credentials.0)
            .env("AWS_SECRET_ACCESS_KEY", &self.credentials.1);
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.finish(&mut self.command(arguments))
    }

    /// Runs a command to its end.
    pub(crate) fn finish(&self, command: &mut Command) -> Finished {
        let mark = Self::mark();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _watchdog = Watchdog::over(&child);
        let output = child.wait_with_output().unwrap();
        Finished {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            calls: self.calls_since(mark),
        }
    }

    /// `apply --yes -o json`
    pub(crate) fn apply(&self) -> Finished {
        self.run(&["apply", "--yes", "-o", "json"])
    }

    /// `plan -o json --detailed-exitcode`
    pub(crate) fn plan(&self) -> Finished {
        self.run(&["plan", "-o", "json", "--detailed-exitcode"])
    }

    /// Begins a run whose stdout is read line by line.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Running<'_> {
        let mark = Self::mark();
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut pipe = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        });
        let watchdog = Watchdog::over(&child);
        Running { rig: self, process: child, watchdog, stdout, stderr, mark }
    }
}

/// Kills a process that has not ended after the longest that any run here may take, so that a test
/// fails instead of waiting for ever.
struct Watchdog {
    _alive: mpsc::Sender<()>,
}

impl Watchdog {
    fn over(child: &Child) -> Self {
        let (alive, ended) = mpsc::channel::<()>();
        let process = child.id().to_string();
        thread::spawn(move || {
            if ended.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
                Command::new("kill").args(["-KILL", &process]).status().unwrap();
            }
        });
        Self { _alive: alive }
    }
}

impl Running<'_> {
    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Reads stdout up to the event of this name and gives that.
    #[track_caller]
    pub(crate) fn event(&mut self, name: &str) -> Value {
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "the stream ended without {name}");
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Waits for its end. stdout is what was not read yet.
    pub(crate) fn end(mut self) -> Finished {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let code = self.process.wait().unwrap().code();
        drop(self.watchdog);
        let stderr = self.stderr.join().unwrap();
        Finished { code, stdout, stderr, calls: self.rig.calls_since(self.mark) }
    }
}
