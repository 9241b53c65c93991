use super::*;
use crate::plan::outcome::Outcome;
use crate::report::event::Phase;
use crate::report::samples::{at, discovered, finished, phase_started, run_started, started};

/// What was written, and a terminal that shows it.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>);

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Tape {
    /// What a tall terminal shows that understands what is used here and nothing else.
    fn screen(&self) -> String {
        let written = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let (mut rows, mut row, mut column) = (vec![Vec::<char>::new()], 0_usize, 0);
        let mut rest = written.as_str();
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '\r' => column = 0,
                '\n' => row += 1,
                '\u{1b}' => {
                    let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                    match rest[1..=end].split_at(end - 1) {
                        (up, "A") => row -= up.parse::<usize>().unwrap(),
                        ("", "K") => rows[row].truncate(column),
                        ("", "J") => {
                            rows[row].truncate(column);
                            rows.truncate(row + 1);
                        }
                        other => panic!("not understood: {other:?}"),
                    }
                    rest = &rest[end + 1..];
                }
                c => {
                    rows[row].truncate(column);
                    rows[row].push(c);
                    column += 1;
                }
            }
            rows.resize(rows.len().max(row + 1), vec![]);
        }
        let rows: Vec<String> = rows.into_iter().map(|row| row.into_iter().collect()).collect();
        rows.join("\n")
    }
}

struct Rig {
    tty: Tty,
    tape: Tape,
    progress: Progress,
    size: Arc<Mutex<Size>>,
}

impl Rig {
    fn new() -> Self {
        let (tape, size) = (Tape::default(), Arc::new(Mutex::new(USUAL)));
        let asked = Arc::clone(&size);
        let ask = Box::new(move || *asked.lock().unwrap());
        let tty = Tty::on(Box::new(tape.clone()), ask, false, false);
        Self { tty, tape, progress: Progress::default(), size }
    }

    fn event(&mut self, seconds: u64, kind: EventKind) {
        let event = at(seconds, kind);
        self.progress.apply(&event);
        self.tty.event(&event, &self.progress).unwrap();
    }

    fn tick(&mut self) -> String {
        self.tty.tick(&self.progress).unwrap();
        self.tape.screen()
    }
}

#[tokio::test(start_paused = true)]
async fn lines_that_stay_are_above_and_the_area_is_redrawn_below() {
    let mut rig = Rig::new();
    rig.event(0, run_started());
    assert_eq!(rig.tick(), "Walking the organization  0s");
    rig.event(1, discovered(3));
    rig.event(1, phase_started(Phase::Apply, 3));
    rig.event(1, started(1));
    rig.event(1, started(2));
    insta::assert_snapshot!(rig.tick(), @r#"
    3 consumers, 4 skipped
    Applying  ────────────────────────────── 0/3  1s
    111122220001 staging-01 queued       0s
    111122220002 staging-02 queued       0s
    "#);
    rig.event(2, finished(1, Outcome::Changed));
    rig.event(2, finished(2, Outcome::InSync));
    insta::assert_snapshot!(rig.tick(), @r#"
    3 consumers, 4 skipped
    ✓ 111122220001 staging-01  changed  1s
    Applying  ━━━━━━━━━━━━━━━━━━━━────────── 2/3  2s  1 in sync, 1 changed
    "#);
}

#[tokio::test(start_paused = true)]
async fn after_a_flush_the_terminal_is_the_callers_until_the_next_event() {
    let mut rig = Rig::new();
    rig.event(0, phase_started(Phase::Observe, 2));
    rig.event(0, started(1));
    rig.tick();
    rig.tty.flush(&rig.progress).unwrap();
    assert_eq!(rig.tape.screen(), "");
    rig.tape.clone().write_all(b"Apply? yes\r\n").unwrap();
    rig.event(1, finished(1, Outcome::Changed));
    let screen = rig.tick();
    assert!(screen.starts_with("Apply? yes\n✓ 111122220001 staging-01"), "{screen}");
}

#[tokio::test(start_paused = true)]
async fn what_happens_while_nothing_is_live_is_said_at_once() {
    let mut rig = Rig::new();
    rig.event(0, phase_started(Phase::Observe, 2));
    rig.tick();
    rig.event(3, EventKind::PhaseFinished { phase: Phase::Observe });
    assert_eq!(rig.tape.screen(), "observed 0 accounts in 3s\n");
    rig.tape.clone().write_all(b"Apply? ").unwrap();
    rig.event(9, EventKind::ShutdownRequested { level: "drain" });
    let screen = "observed 0 accounts in 3s\nApply? \nstopping: nothing new is started\n";
    assert_eq!(rig.tape.screen(), screen);
}

#[tokio::test(start_paused = true)]
async fn when_the_area_has_become_narrower_its_top_is_found_again() {
    let mut rig = Rig::new();
    rig.event(0, phase_started(Phase::Apply, 2));
    rig.event(0, started(1));
    rig.tick();
    let drawn: Vec<_> = rig.tape.screen().lines().map(safe::width).collect();
    *rig.size.lock().unwrap() = Size { columns: 20, rows: 24 };
    let before = rig.tape.0.lock().unwrap().len();
    rig.tty.tick(&rig.progress).unwrap();
    let frame = String::from_utf8(rig.tape.0.lock().unwrap()[before..].to_vec()).unwrap();
    let rows: usize = drawn.iter().map(|width| width.div_ceil(20)).sum();
    assert!(frame.starts_with(&format!("\r\u{1b}[{}A", rows - 1)), "{drawn:?} {frame:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frame_never_blanks_what_it_is_about_to_overwrite() {
    let mut rig = Rig::new();
    rig.event(0, phase_started(Phase::Apply, 2));
    rig.event(0, started(1));
    rig.tick();
    let before = rig.tape.0.lock().unwrap().len();
    rig.tick();
    let frame = String::from_utf8(rig.tape.0.lock().unwrap()[before..].to_vec()).unwrap();
    assert_eq!(frame.matches(ERASE_BELOW).count(), 1);
    assert!(frame.ends_with(&format!("{ERASE_LINE}{ERASE_BELOW}")));
}

#[tokio::test(start_paused = true)]
async fn when_the_run_ends_nothing_is_left_of_the_area() {
    let mut rig = Rig::new();
    rig.event(0, phase_started(Phase::Apply, 1));
    rig.event(0, started(1));
    rig.tick();
    rig.event(1, finished(1, Outcome::Changed));
    rig.tty.finish(&rig.progress).unwrap();
    assert_eq!(rig.tape.screen(), "✓ 111122220001 staging-01  changed  1s\n");
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_is_gone_is_an_error() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut tty = Tty::on(Box::new(Gone), Box::new(|| USUAL), false, false);
    let mut progress = Progress::default();
    progress.apply(&at(0, run_started()));
    assert_eq!(tty.tick(&progress).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}
