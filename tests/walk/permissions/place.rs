//! A folder with a world and an accounts.toml, in which the compiled program is run.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

pub(super) struct Place {
    folder: TempDir,
}

/// Documents as a list in TOML.
pub(super) fn list(documents: &[Value]) -> String {
    let texts: Vec<String> = documents.iter().map(|it| format!("'{it}'")).collect();
    format!("[{}]", texts.join(", "))
}

/// The member role in a scenario's account.
pub(super) fn role(policies: &[Value], trust: &Value) -> String {
    let policies = list(policies);
    format!(
        "[[account.roles]]\nname = \"linkwalk\"\npath = \"/platform/\"\npolicies = {policies}\n\
         trust_policy = '{trust}'\n"
    )
}

/// What was told, in one line.
pub(super) fn flat(told: &str) -> String {
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Place {
    pub(super) fn new(world: &str, accounts_toml: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("world.toml"), world).unwrap();
        fs::write(folder.path().join("accounts.toml"), accounts_toml).unwrap();
        Self { folder }
    }

    /// What the program ended with, and what it wrote to stdout and stderr.
    pub(super) fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let path: &Path = self.folder.path();
        let output = Command::new(env!("CARGO_BIN_EXE_linkwalk"))
            .args(["-c", "accounts.toml", "--sandbox=world.toml"])
            .args(arguments)
            .current_dir(path)
            .env_clear()
            .env("HOME", path)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        let told =
            [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
        (output.status.code(), told.concat())
    }

    #[track_caller]
    pub(super) fn exits(&self, arguments: &[&str], code: i32) -> String {
        let (ended, told) = self.run(arguments);
        assert_eq!(ended, Some(code), "{arguments:?}\n{told}");
        told
    }
}
