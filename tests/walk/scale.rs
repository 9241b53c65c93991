//! Two hundred accounts at once.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::rig::{ENDPOINTS, Rig};

const ACCOUNTS: usize = 200;
/// In megabytes.
const MOST_MEMORY: u64 = 300;

/// Two hundred accounts, with no more open files than macOS and many containers allow by default.
#[test]
fn two_hundred_accounts_at_once_take_bounded_memory_and_few_files() {
    let accounts: Vec<Value> =
        (0..ACCOUNTS).map(|n| json!({ "name": format!("account-{n}") })).collect();
    let rig = Rig::new(&json!({ "accounts": accounts }));
    let program = rig.command(&["apply", "--yes", "-o", "json"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 1024 && exec \"$0\" \"$@\""]).arg(program.get_program());
    limited.args(program.get_args());
    rig.surround(&mut limited);

    let began = Instant::now();
    let out = fs::File::create(rig.file("out.json")).unwrap();
    let mut child =
        limited.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    // Each line that it says is an occasion to look at it.
    let (mut log, mut memory, mut files) = (String::new(), 0, 0);
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        memory = memory.max(peak_megabytes(child.id()).unwrap_or(0));
        files = files.max(open_files(child.id()).unwrap_or(0));
        log = log + &line.unwrap() + "\n";
    }
    let status = child.wait().unwrap();
    writeln!(
        io::stderr(),
        "{ACCOUNTS} accounts: {:.1?}, peak {memory} MB, {files} open files",
        began.elapsed()
    )
    .unwrap();

    let text = fs::read_to_string(rig.file("out.json")).unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["counts"]["changed"], ACCOUNTS);
    for account in [rig.account("account-0"), rig.account("account-199")] {
        assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
    }
    assert!(memory < MOST_MEMORY, "{memory} MB");
}

/// The peak of resident memory so far; `None` where the system does not tell.
fn peak_megabytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

fn open_files(process: u32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{process}/fd")).ok()?.count())
}
