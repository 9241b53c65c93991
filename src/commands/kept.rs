//! A sandbox whose world is kept in a file from one command to the next.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::out;
use crate::aws::{Access, Sessions};
use crate::locked::{Locked, NotLocked};
use crate::sandbox::{DEMO, Options, Sandbox, World};

/// Where worlds are kept, below the working directory: deleted with it, and never shared with another.
const FOLDER: &str = ".linkwalk/sandbox";

/// How much faster than AWS's the sandbox keeps time: fast enough that the demo takes some twenty seconds,
/// slow enough to watch. Endpoints become available some 75 seconds after AWS took them.
const SPEED: f64 = 20.0;

/// How long a call takes: as over a short line to a near region.
const LATENCY: (Duration, Duration) = (Duration::from_millis(15), Duration::from_millis(60));

/// How often a world that is in use is kept: a command that is killed loses no more.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// The most of the time that may go into keeping it, as one part in so many: thousands of accounts take
/// a while to write.
const KEEP_SHARE: u32 = 20;

/// Calls that the sandbox remembers; nobody reads more.
const LOG: usize = 1_000;

/// Which world.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scenario<'a> {
    /// The built-in organization.
    Demo,
    /// What a scenario file describes.
    File(&'a Path),
    /// One account and nothing in it.
    Empty,
}

impl<'a> Scenario<'a> {
    /// The value of `--sandbox`.
    pub(super) fn of(file: Option<&'a Path>) -> Self {
        file.map_or(Self::Demo, Self::File)
    }
}

/// The sandbox of one command.
pub(super) struct Kept {
    pub(super) sandbox: Sandbox,
    path: PathBuf,
    keeper: AbortHandle,
    /// Held as long as the world is in use: two commands would forget each other's changes.
    _lock: Locked,
}

impl Kept {
    /// Opens the world as the last command left it, or anew. Must be called on a runtime. The error is
    /// for people.
    pub(super) fn open(scenario: Scenario<'_>) -> Result<Self, String> {
        let (name, text) = described(scenario)?;
        let lock = lock()?;
        let path = Path::new(FOLDER).join(format!("{name}.json"));
        let world = if path.exists() {
            World::load(&path).map_err(|error| error.to_string())?
        } else {
            match text {
                Some(text) => scenario.world(&text)?,
                None => World::empty(1),
            }
        };
        let options = Options {
            speed: SPEED,
            latency: LATENCY,
            log_capacity: LOG,
            ..Options::at(Timestamp::now())
        };
        let sandbox = Sandbox::new(world, options);
        let keeper = tokio::spawn(keep(sandbox.clone(), path.clone())).abort_handle();
        Ok(Self { sandbox, path, keeper, _lock: lock })
    }

    /// Sessions in this sandbox, as its management account.
    pub(super) fn sessions(&self, access: Access) -> Sessions {
        let keys = Sandbox::credentials(self.sandbox.world().operator());
        Sessions::in_process(self.sandbox.http_client(), keys, SPEED, access)
    }

    /// Keeps the world for the next command.
    pub(super) fn close(self) {
        self.keeper.abort();
        if let Err(error) = self.sandbox.save(&self.path) {
            out::error(&format!("cannot keep the sandbox: {error}"));
        }
    }
}

impl Scenario<'_> {
    /// The world as it begins.
    fn world(self, text: &str) -> Result<World, String> {
        match self {
            // What `plan --save-world` wrote is a world already.
            Self::File(path) if text.trim_start().starts_with('{') => {
                World::load(path).map_err(|error| error.to_string())
            }
            _ => World::from_scenario(text).map_err(|error| format!("{}: {error}", self.shown())),
        }
    }

    fn shown(self) -> String {
        match self {
            Self::Demo => "the demo".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Empty => "the empty world".to_owned(),
        }
    }
}

/// The name under which the world is kept, and the scenario's text. A scenario that was edited is
/// another world, and has another name.
fn described(scenario: Scenario<'_>) -> Result<(String, Option<String>), String> {
    let (stem, text) = match scenario {
        Scenario::Empty => return Ok(("empty".to_owned(), None)),
        Scenario::Demo => ("demo".into(), DEMO.to_owned()),
        Scenario::File(path) => {
            let text = fs::read_to_string(path)
                .map_err(|error| format!("cannot read the scenario {}: {error}", path.display()))?;
            (path.file_stem().unwrap_or_default().to_string_lossy(), text)
        }
    };
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    Ok((format!("{stem}-{}", &digest[..8]), Some(text)))
}

/// Forgets all worlds; answers how many there were.
pub(super) fn reset() -> Result<usize, String> {
    let _lock = lock()?;
    let failed = |error: io::Error| format!("cannot reset {FOLDER}: {error}");
    let mut worlds = 0;
    for entry in fs::read_dir(FOLDER).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::remove_file(path).map_err(failed)?;
            worlds += 1;
        }
    }
    // Runs of a world that is gone cannot be gone on with.
    for folder in ["runs", "locks"].map(|name| Path::new(FOLDER).join(name)) {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(worlds)
}

fn lock() -> Result<Locked, String> {
    let failed = |error: io::Error| format!("cannot keep the sandbox in {FOLDER}: {error}");
    fs::create_dir_all(FOLDER).map_err(failed)?;
    let file = File::create(Path::new(FOLDER).join("lock")).map_err(failed)?;
    Locked::now(file).map_err(|why| match why {
        NotLocked::Held(_) => format!(
            "the sandbox in {FOLDER} is in use by another linkwalk; wait for it, or give its \
             environment to this one if it is `sandbox serve`"
        ),
        NotLocked::Failed(error) => failed(error),
    })
}

/// Keeps the world now and then, so that even a command that is killed leaves behind what it did.
async fn keep(sandbox: Sandbox, path: PathBuf) {
    let (mut kept, mut rest) = (0, KEEP_EVERY);
    loop {
        sleep(rest).await;
        let (calls, begun) = (sandbox.call_count(), Instant::now());
        // A failure is told at the end, where it is tried again.
        if calls != kept && sandbox.save(&path).is_ok() {
            kept = calls;
        }
        rest = KEEP_EVERY.max(begun.elapsed() * KEEP_SHARE);
    }
}
