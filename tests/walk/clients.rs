//! Clients that nobody here wrote, against the served sandbox: `scripts/witness`. Each program there is
//! bounded in time, and ends the servers it starts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// Where the clients are installed.
static VENV: LazyLock<PathBuf> = LazyLock::new(|| {
    let made = Command::new(root().join("scripts/venv")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
});

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a program of `scripts/witness` to its end, with nothing of the surroundings but `PATH`.
#[track_caller]
fn passes(program: &str) {
    let output = Command::new(VENV.join("bin/python"))
        .arg(root().join("scripts/witness").join(program))
        .stdin(Stdio::null())
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("LINKWALK", env!("CARGO_BIN_EXE_linkwalk"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONPYCACHEPREFIX", VENV.join("cache"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program}: {}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn boto3_and_the_aws_cli_work_in_the_served_sandbox() {
    passes("clients.py");
}

#[test]
fn every_difference_between_the_sandbox_and_moto_is_known() {
    passes("differential.py");
}
