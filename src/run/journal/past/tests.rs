use super::*;

const OPENED: &str = r#"{"event":"journal-opened","format":"1.0","kind":"journal","version":"0.1.0","run":"r","command":"apply","deployment":"d","at":"2026-11-23T02:45:01Z","by":"me@here","pid":7,"resumed":false,"sandbox":false}"#;
const RESUMED: &str = r#"{"event":"journal-opened","format":"1.7","kind":"journal","version":"0.9.0","run":"r","command":"apply","deployment":"d","at":"2026-11-23T03:45:01Z","by":"me@here","pid":8,"resumed":true,"sandbox":false}"#;
const SCOPE: &str = r#"{"event":"scope","targets":[{"target":"111122223333/eu-west-1","name":"one"},{"target":"444455556666/eu-west-1","name":"two"}]}"#;
const APPLYING: &str = r#"{"elapsed_ms":10,"event":"phase-started","phase":"apply","targets":2}"#;
const ONE_STARTS: &str =
    r#"{"elapsed_ms":11,"event":"target-started","target":"111122223333/eu-west-1","name":"one"}"#;
const INTENT: &str = r#"{"event":"intent","elapsed_ms":12,"call":4,"target":"111122223333/eu-west-1","action":0,"what":"+ logs","operation":"CreateVpcEndpoint","client_token":"ab"}"#;
const ANSWER: &str = r#"{"event":"answer","elapsed_ms":13,"call":4,"target":"111122223333/eu-west-1","requests":[{"operation":"CreateVpcEndpoint","status":200,"request_id":"id"}],"resource":"vpce-1"}"#;
const PENDING: &str = r#"{"elapsed_ms":14,"event":"endpoint-state","target":"111122223333/eu-west-1","service":"logs","endpoint":"vpce-1","state":"pending"}"#;
const ONE_ENDS: &str = r#"{"elapsed_ms":2000,"event":"target-finished","target":"111122223333/eu-west-1","name":"one","outcome":"changed"}"#;
const TWO_ENDS: &str = r#"{"elapsed_ms":2000,"event":"target-finished","target":"444455556666/eu-west-1","name":"two","outcome":"not-started","code":"interrupted","reason":"x"}"#;
const NEWER: &str = r#"{"elapsed_ms":15,"event":"something-new","of":"a newer version"}"#;

fn journal(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}

fn read(lines: &[&str]) -> Result<Past, String> {
    Past::read(journal(lines).as_bytes())
}

fn outcomes(past: &Past) -> Vec<String> {
    past.settled().finished.values().map(|one| format!("{:?}", one.outcome)).collect()
}

#[test]
fn a_torn_last_line_is_passed_over_wherever_it_is_torn() {
    let whole = [OPENED, SCOPE, APPLYING, ONE_STARTS, INTENT];
    let before = journal(&whole);
    for length in 1..=ANSWER.len() {
        let past = Past::read((before.clone() + &ANSWER[..length]).as_bytes()).unwrap();
        assert!(past.is_torn, "{length}");
        assert_eq!((past.whole, past.unanswered.len()), (before.len() as u64, 1), "{length}");
    }
    let past = read(&[&whole[..], &[ANSWER]].concat()).unwrap();
    assert!(!past.is_torn && past.unanswered.is_empty());
    assert_eq!(past.before().calls, 4);
}

#[test]
fn what_a_crash_of_the_machine_leaves_at_the_end_is_torn_too() {
    let before = journal(&[OPENED, SCOPE]);
    for end in [&b"\0\0\0\0"[..], b"\0\0\0\n", b"\xff\xfe\n", b"{\"event\":\n"] {
        let past = Past::read(&[before.as_bytes(), end].concat()[..]).unwrap();
        assert!(past.is_torn && past.whole == before.len() as u64, "{end:?}");
    }
}

#[test]
fn what_cannot_be_gone_by_is_refused_with_its_line() {
    let newer = OPENED.replace("\"1.0\"", "\"2.0\"").replace("0.1.0", "3.0.0");
    for (lines, said) in [
        (vec![OPENED, "{\"event\":\"int", SCOPE], "line 2 is torn, and more lines follow"),
        (vec![&newer[..]], "line 1: a journal of format \"2.0\", written by linkwalk 3.0.0"),
        (vec![SCOPE], "line 1: the first line is not a journal's"),
        (vec![ONE_ENDS], "line 1: the first line is not a journal's"),
        (vec![OPENED, &INTENT.replace("\"call\":4", "\"call\":\"4\"")], "line 2: "),
        (vec!["{\"event\":\"jour"], "it has no first line"),
        (vec![], "it has no first line"),
    ] {
        let wrong = read(&lines).unwrap_err();
        assert!(wrong.contains(said), "no `{said}` in {wrong}");
    }
}

#[test]
fn a_newer_minor_version_is_read_and_what_it_adds_is_passed_over() {
    let past = read(&[OPENED, SCOPE, NEWER, RESUMED, APPLYING]).unwrap();
    assert_eq!(past.openings.len(), 2);
    assert!(!past.is_torn);
}

#[test]
fn a_killed_run_is_told_with_what_was_in_flight_and_what_was_not_started() {
    let past = read(&[OPENED, SCOPE, APPLYING, ONE_STARTS, INTENT]).unwrap();
    assert_eq!(past.end(), End::Killed);
    let told = outcomes(&past);
    assert!(told[0].contains("+ logs (sent, no answer yet)"), "{told:?}");
    assert!(told[1].starts_with("NotStarted"), "{told:?}");
    let past = read(&[OPENED, SCOPE, APPLYING, ONE_STARTS, INTENT, ANSWER, PENDING]).unwrap();
    assert!(outcomes(&past)[0].contains("logs vpce-1 pending"));
    let past = read(&[OPENED, SCOPE]).unwrap();
    assert!(outcomes(&past).iter().all(|one| one.starts_with("NotStarted")));
}

#[test]
fn a_resumed_run_is_one_run() {
    let first = [OPENED, SCOPE, APPLYING, ONE_STARTS, INTENT, ANSWER, ONE_ENDS, TWO_ENDS];
    let interrupted = r#"{"elapsed_ms":2001,"event":"run-finished","exit_code":130}"#;
    let past = read(&[&first[..], &[interrupted]].concat()).unwrap();
    assert_eq!(past.end(), End::Interrupted);
    assert_eq!(past.ended_well().len(), 1);
    // What ended well is told again by whoever resumes, and stays what it was.
    let changed = TWO_ENDS.replace("not-started", "changed");
    let ended = r#"{"elapsed_ms":3000,"event":"run-finished","exit_code":0}"#;
    let again = [&first[..], &[interrupted, RESUMED, SCOPE, ONE_ENDS, &changed, ended]].concat();
    let past = read(&again).unwrap();
    assert_eq!(past.end(), End::Converged);
    assert_eq!((past.ended_well().len(), past.settled().unfinished()), (2, 0));
    assert_eq!(past.progress.elapsed, Duration::from_millis(5001));
    assert_eq!(past.before().changed.len(), 1);
}

#[test]
fn how_a_run_ended_is_told_by_its_exit_and_its_outcomes() {
    let finished =
        |code: u8| format!(r#"{{"elapsed_ms":1,"event":"run-finished","exit_code":{code}}}"#);
    let with = |outcome: &str| ONE_ENDS.replace("\"changed\"", outcome);
    let stale = r#""not-started","code":"stale-plan","reason":"x""#;
    let budget = r#""not-started","code":"budget-spent","reason":"x""#;
    for (outcome, code, end) in [
        ("\"changed\"", 0, End::Converged),
        ("\"changed\"", 130, End::Interrupted),
        ("\"changed\"", 1, End::Failed),
        ("\"would-change\"", 1, End::NotApplied),
        ("\"would-change\"", 130, End::NotApplied),
        (stale, 1, End::Failed),
        (budget, 1, End::Interrupted),
    ] {
        let past = read(&[OPENED, SCOPE, &with(outcome), &finished(code)]).unwrap();
        assert_eq!(past.end(), end, "{outcome} {code}");
    }
}
