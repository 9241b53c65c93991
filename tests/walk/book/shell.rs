//! Where a page's commands are run: a folder of their own, `linkwalk` as it was compiled, and the environment of a
//! served sandbox.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::page::{Block, Item};
use super::world::{self, Served, World};
use super::{root, tables};

/// What a command printed, and the codes its parts ended with besides 0.
#[derive(Debug, Default, Clone)]
pub(super) struct Outcome {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) codes: BTreeSet<i32>,
}

/// Ends a script with the first command that ends with a code nobody said.
const STRICT: &str = r#"
set -E -u -o pipefail
trap 'code=$?; case " $MAY_END_WITH " in *" $code "*) echo "$code" >> "$ENDED_WITH" ;; *) exit "$code" ;; esac' ERR
"#;

/// The id in the book that stands for that of the organization.
const ORGANIZATION: &str = "o-a1b2c3d4e5";

/// What no command of a page may take.
const LONGEST_SECONDS: &str = "300";

/// What a comment says of the world of its page.
fn served(aside: &str) -> Option<Served> {
    match aside {
        "world: applied" => Some(Served::AllButTheNewest),
        "world: in sync" => Some(Served::All),
        _ => None,
    }
}

/// One page's shell.
pub(super) struct Shell {
    folder: TempDir,
    programs: TempDir,
    world: World,
    organization: Option<String>,
}

impl Shell {
    /// For a page of these items.
    pub(super) fn open(items: &[Item]) -> Self {
        let served = items.iter().find_map(|item| match item {
            Item::Aside(_, text) => served(text),
            Item::Block(_) => None,
        });
        let served = served.unwrap_or(Served::Nobody);
        let programs = TempDir::new().unwrap();
        let here = root().join("tests/walk/book/world");
        for (name, interpreter) in [("linkwalk", "python3"), ("cargo", "bash")] {
            let source = here.join(name);
            let text = format!(
                "#!/bin/sh\nexec {interpreter} {} {} \"$@\"\n",
                source.display(),
                world::program()
            );
            let path = programs.path().join(name);
            fs::write(&path, text).unwrap();
            assert!(Command::new("chmod").arg("+x").arg(&path).status().unwrap().success());
        }
        Self { folder: world::folder(), programs, world: World::new(served), organization: None }
    }

    /// Does what a comment says.
    pub(super) fn aside(&mut self, text: &str) -> Result<(), String> {
        match text.split_once(": ") {
            Some(("run", command)) => self.run(command, &BTreeSet::new()).map(drop),
            Some(("break", how)) => {
                let mut arguments = vec!["sandbox", "break"];
                arguments.extend(how.split(' '));
                self.world.past_the_server(&arguments);
                Ok(())
            }
            _ if served(text).is_some() => Ok(()),
            _ => Err("this comment means nothing here".to_owned()),
        }
    }

    /// Makes it the accounts.toml of the commands that follow, where it is a whole one, or laid over it.
    pub(super) fn accounts_toml(&self, block: &Block) {
        let file = self.folder.path().join("accounts.toml");
        if block.kept {
            let text = tables::laid_over(&fs::read_to_string(&file).unwrap(), &block.text);
            fs::write(file, text).unwrap();
        } else if tables::is_whole(&block.text) {
            fs::write(file, &block.text).unwrap();
        }
    }

    /// Runs a script, the commands of which may end with these codes besides 0.
    pub(super) fn run(&mut self, script: &str, exits: &BTreeSet<i32>) -> Result<Outcome, String> {
        let script = if script.contains(ORGANIZATION) {
            script.replace(ORGANIZATION, &self.organization())
        } else {
            script.to_owned()
        };
        let ended = self.programs.path().join("ended-with");
        fs::write(&ended, "").unwrap();
        let may: Vec<String> = exits.iter().map(ToString::to_string).collect();
        let mut command = Command::new("timeout");
        command
            .args([LONGEST_SECONDS, "bash", "-c", &format!("{STRICT}\n{script}\n:\n")])
            .envs(self.environment())
            .env("MAY_END_WITH", may.join(" "))
            .env("ENDED_WITH", &ended);
        let output = command.current_dir(&self.folder).stdin(Stdio::null()).output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() != Some(0) {
            return Err(format!("{script}\nended with {}\n{stdout}\n{stderr}", output.status));
        }
        let codes = fs::read_to_string(ended).unwrap();
        let codes = codes.lines().map(|code| code.parse().unwrap()).collect();
        Ok(Outcome { stdout, stderr, codes })
    }

    /// Nothing of the surroundings but the programs.
    fn environment(&mut self) -> Vec<(String, String)> {
        let path = std::env::var("PATH").unwrap();
        let folder = self.folder.path().display().to_string();
        let mut environment = self.world.environment().to_vec();
        for (name, value) in [
            ("PATH", format!("{}:{path}", self.programs.path().display())),
            ("HOME", folder),
            ("LC_ALL", "C.UTF-8".to_owned()),
            // A terminal on which nothing is drawn twice.
            ("TERM", "dumb".to_owned()),
        ] {
            environment.push((name.to_owned(), value));
        }
        environment
    }

    fn organization(&mut self) -> String {
        if self.organization.is_none() {
            // The refusal of another id names the right one, before any account is looked at.
            let mut command = Command::new(world::program());
            command.args(["destroy", "--yes", "--confirm", "o-0000000000"]);
            let output = command.envs(self.environment()).current_dir(&self.folder).output();
            let refusal = String::from_utf8(output.unwrap().stderr).unwrap();
            let (_, id) = refusal.split_once("which is ").unwrap();
            self.organization = id.split(':').next().map(str::to_owned);
        }
        self.organization.clone().unwrap()
    }
}
