//! On a terminal: a question before anything is changed, and progress that is redrawn.

use std::process::Command;

use serde_json::json;

use crate::rig::{ENDPOINTS, Rig};

/// Runs a command on a terminal of its own, answers the question it asks, and prints what the
/// terminal showed. Arguments: columns, what to answer, the command.
const TERMINAL: &str = r#"
import fcntl, os, pty, struct, sys, termios
columns, answer, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execv(command[0], command)
shown, answered = b"", False
while True:
    try:
        read = os.read(terminal, 65536)
    except OSError:
        break
    if not read:
        break
    shown += read
    if not answered and b"taken for a yes: " in shown:
        os.write(terminal, answer.encode() + b"\n")
        answered = True
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

fn on_a_terminal(rig: &Rig, columns: usize, answer: &str, arguments: &[&str]) -> Command {
    let program = rig.command(arguments);
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL, &columns.to_string(), answer]);
    command.arg(program.get_program()).args(program.get_args());
    rig.surround(&mut command);
    command.env("TERM", "xterm-256color");
    command
}

#[test]
fn apply_shows_the_plan_and_asks_and_anything_but_yes_is_a_no() {
    let rig = Rig::of(&["one"]);
    for answer in ["no", "y", "YES", ""] {
        let run = rig.finish(&mut on_a_terminal(&rig, 100, answer, &["apply"])).exits(1);
        assert!(run.stdout.contains("5 to add"), "{}", run.stdout);
        assert_eq!(run.mutations(), Vec::<&str>::new());
    }
    rig.finish(&mut on_a_terminal(&rig, 100, "yes", &["apply"])).exits(0);
    assert_eq!(rig.endpoints(rig.account("one")).len(), ENDPOINTS);
}

#[test]
fn nothing_is_asked_when_there_is_nothing_to_do() {
    let rig = Rig::of(&["one"]);
    rig.apply().exits(0);
    let run = rig.finish(&mut on_a_terminal(&rig, 100, "no", &["apply"])).exits(0);
    assert!(!run.stdout.contains("taken for a yes"), "{}", run.stdout);
    assert!(plain(&run.stdout).contains("in sync"), "{}", run.stdout);
}

#[test]
fn finished_accounts_become_lines_that_stay() {
    let rig = Rig::of(&["one", "two", "three"]);
    let run = rig.finish(&mut on_a_terminal(&rig, 100, "", &["apply", "--yes"])).exits(0);
    assert!(run.stdout.contains('\u{1b}'), "progress is redrawn in place");
    for account in rig.members() {
        assert!(run.stdout.contains(account), "{}", run.stdout);
    }
}

#[test]
fn no_line_is_wider_than_a_narrow_terminal() {
    let rig = Rig::of(&["an-account-with-quite-a-long-name-that-does-not-fit", "two"]);
    let run = rig.finish(&mut on_a_terminal(&rig, 40, "", &["apply", "--yes"])).exits(0);
    let shown = plain(&run.stdout);
    let progress = shown.lines().flat_map(|line| line.split('\r'));
    let bars: Vec<&str> = progress.filter(|line| line.contains(['━', '─'])).collect();
    assert!(!bars.is_empty(), "{shown}");
    for line in bars {
        assert!(line.chars().count() <= 40, "{line:?}");
    }
}

#[test]
fn a_dumb_terminal_and_no_color_get_no_escapes() {
    let rig = Rig::of(&["one"]);
    let mut command = on_a_terminal(&rig, 80, "", &["apply", "--yes"]);
    let run = rig.finish(command.env("TERM", "dumb")).exits(0);
    assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout.escape_debug());
    assert!(run.stdout.contains(rig.account("one")), "{}", run.stdout);

    let mut command = on_a_terminal(&rig, 80, "", &["plan"]);
    let run = rig.finish(command.env("NO_COLOR", "1")).exits(0);
    assert!(!run.stdout.contains("\u{1b}[3"), "{}", run.stdout.escape_debug());
}

#[test]
fn names_from_aws_cannot_take_over_the_terminal() {
    let evil = "evil\u{1b}]0;pwned\u{7}\u{9b}31m\nnext";
    let rig = Rig::new(&json!({ "accounts": [{ "name": evil }] }));
    let run = rig.finish(&mut on_a_terminal(&rig, 100, "", &["apply", "--yes"])).exits(0);
    assert!(run.stdout.contains("evil"));
    assert!(!run.stdout.contains("\u{1b}]0;") && !run.stdout.contains(['\u{7}', '\u{9b}']));
    assert!(!run.stdout.lines().any(|line| line.starts_with("next")));
}

/// The text without escape sequences.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        if char == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(char);
        }
    }
    plain
}
