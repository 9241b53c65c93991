use std::io::Write;
use std::sync::{Arc, Mutex};

use tokio::time::sleep;

use super::*;
use crate::ids::TargetId;
use crate::plan::outcome::{Held, Outcome};
use crate::report::event::{Events, FORMAT, Phase, Step};
use crate::report::jsonl::Jsonl;
use crate::report::plain::Plain;
use crate::report::samples::{
    discovered, done, failed, finished, phase_started, planned, run_started, seen, started, step,
    throttled, unreachable,
};

/// What was written; refuses to take more than its room.
#[derive(Clone)]
struct Pipe {
    written: Arc<Mutex<Vec<u8>>>,
    room: usize,
}

impl Pipe {
    fn with_room(room: usize) -> Self {
        Self { written: Arc::default(), room }
    }

    fn text(&self) -> String {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.written.lock().unwrap();
        if written.len() + bytes.len() > self.room {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything a reporter is told, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }
}

impl Reporter for Log {
    fn event(&mut self, _: &Event, _: &Progress) -> io::Result<()> {
        self.note("event");
        Ok(())
    }

    fn tick(&mut self, _: &Progress) -> io::Result<()> {
        self.note("tick");
        Ok(())
    }

    fn flush(&mut self, _: &Progress) -> io::Result<()> {
        self.note("flush");
        Ok(())
    }

    fn finish(&mut self, _: &Progress) -> io::Result<()> {
        self.note("finish");
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn time_passes_only_while_something_is_live() {
    let (log, (events, receiver)) = (Log::default(), Events::channel());
    let consumer = spawn(receiver, Box::new(log.clone()), Shutdown::new());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(log.take(), [] as [&str; 0]);
    events.send(phase_started(Phase::Observe, 1));
    sleep(Duration::from_millis(1050)).await;
    let ticks = log.take().into_iter().filter(|what| *what == "tick").count();
    assert!((10..=11).contains(&ticks), "{ticks}");
    events.send(EventKind::PhaseFinished { phase: Phase::Observe });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(log.take(), ["event"]);
    drop(events);
    consumer.await.unwrap();
    assert_eq!(log.take(), ["finish"]);
}

#[tokio::test(start_paused = true)]
async fn a_flush_is_answered_after_everything_before_it_and_holds_the_terminal() {
    let (log, (events, receiver)) = (Log::default(), Events::channel());
    let consumer = spawn(receiver, Box::new(log.clone()), Shutdown::new());
    events.send(phase_started(Phase::Observe, 1));
    events.send(started(1));
    events.flush().await;
    let told: Vec<_> = log.take().into_iter().filter(|what| *what != "tick").collect();
    assert_eq!(told, ["event", "event", "flush"]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(log.take(), [] as [&str; 0]);
    events.send(planned(1));
    sleep(Duration::from_secs(1)).await;
    assert!(log.take().contains(&"tick"));
    drop(events);
    consumer.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closed_pipe_drains_the_run_and_the_counting_goes_on() {
    let (pipe, (events, receiver)) = (Pipe::with_room(200), Events::channel());
    let shutdown = Shutdown::new();
    let consumer = spawn(receiver, Box::new(Jsonl::new(pipe.clone())), shutdown.clone());
    events.send(run_started());
    events.flush().await;
    assert_eq!(shutdown.level(), Level::Run);
    events.send(discovered(2));
    events.flush().await;
    assert_eq!(shutdown.level(), Level::Drain);
    events.send(finished(1, Outcome::Changed));
    events.send(finished(2, Outcome::NotStarted { held: Held::interrupted() }));
    events.flush().await;
    drop(events);
    let progress = consumer.await.unwrap();
    assert_eq!(progress.finished.len(), 2);
    assert_eq!(progress.exit(), crate::exit::Exit::Interrupted);
    assert_eq!(pipe.text().lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_terminal_that_takes_nothing_does_not_stop_the_work() {
    use std::sync::mpsc::{Receiver, Sender, channel};

    struct Stuck {
        entered: Sender<()>,
        release: Receiver<()>,
    }
    impl Reporter for Stuck {
        fn event(&mut self, _: &Event, _: &Progress) -> io::Result<()> {
            self.entered.send(()).unwrap();
            self.release.recv().map_err(|_| io::ErrorKind::BrokenPipe.into())
        }
    }
    let (events, receiver) = Events::channel();
    let ((entered, is_stuck), (let_go, release)) = (channel(), channel());
    let (worked, has_worked) = channel();
    let consumer = spawn(receiver, Box::new(Stuck { entered, release }), Shutdown::new());
    events.send(run_started());
    is_stuck.recv().unwrap();
    tokio::spawn(async move { worked.send(()).unwrap() });
    has_worked.recv_timeout(Duration::from_secs(10)).unwrap();
    let_go.send(()).unwrap();
    drop(events);
    consumer.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn several_reporters_see_the_same_and_none_is_quiet() {
    let (one, two) = (Log::default(), Log::default());
    let (events, receiver) = Events::channel();
    let both: Vec<Box<dyn Reporter>> = vec![Box::new(one.clone()), Box::new(two.clone())];
    let consumer = spawn(receiver, Box::new(both), Shutdown::new());
    events.send(run_started());
    events.flush().await;
    drop(events);
    consumer.await.unwrap();
    assert_eq!(one.take(), two.take());
}

fn many_regions() -> EventKind {
    EventKind::Discovered { consumers: 3, skipped: 1, targets: 6 }
}

/// A run of three accounts as a pipe shows it.
async fn piped(verbose: bool, discovered: EventKind) -> String {
    let (pipe, (events, receiver)) = (Pipe::with_room(usize::MAX), Events::channel());
    let reporter = Plain::new(pipe.clone(), false, verbose);
    let consumer = spawn(receiver, Box::new(reporter), Shutdown::new());
    events.send(run_started());
    events.send(discovered);
    events.send(phase_started(Phase::Observe, 3));
    (1..=3).for_each(|number| events.send(started(number)));
    sleep(Duration::from_secs(2)).await;
    events.send(finished(1, unreachable(1)));
    events.send(finished(2, unreachable(2)));
    events.send(planned(3));
    events.send(EventKind::PhaseFinished { phase: Phase::Observe });
    events.flush().await;
    sleep(Duration::from_mins(5)).await;
    events.send(phase_started(Phase::Apply, 1));
    events.send(started(3));
    events.send(step(3, Step::Applying));
    events.send(done(3, "+ linkwalk-endpoints", "sg-1"));
    events.send(done(3, "+ ecr.api", "vpce-1"));
    events.send(throttled(3));
    events.send(done(3, "+ logs", "vpce-2"));
    events.send(step(3, Step::Waiting));
    sleep(Duration::from_secs(65)).await;
    events.send(EventKind::ShutdownRequested { level: "drain" });
    events.send(seen(3, "logs", "available"));
    sleep(Duration::from_secs(15)).await;
    events.send(finished(3, Outcome::Changed));
    events.send(EventKind::PhaseFinished { phase: Phase::Apply });
    events.send(EventKind::RunFinished { exit_code: 1 });
    drop(events);
    consumer.await.unwrap();
    pipe.text()
}

#[tokio::test(start_paused = true)]
async fn a_pipe_gets_a_line_for_every_account_and_a_heartbeat() {
    insta::assert_snapshot!(piped(false, discovered(3)).await, @r#"
    linkwalk 0.1.0: apply, deployment privatelink
    3 consumers, 4 skipped
    observing 3 accounts
    [1/3] 111122220001 staging-01  unreachable  2s
        AssumeRole: AccessDenied: not authorized on arn:aws:iam::111122220001:role/Access (request req-1)
        hint: the role `Access` does not exist or does not trust you
    [2/3] 111122220002 staging-02  unreachable  2s
        AssumeRole: AccessDenied: not authorized on arn:aws:iam::111122220002:role/Access (request req-2)
    observed 3 accounts in 2s
    applying to 1 account
    still working: 0/1 done, 1 in flight (1 waiting for endpoints), oldest staging-03 30s
    still working: 0/1 done, 1 in flight (1 waiting for endpoints), oldest staging-03 1m00s
    stopping: nothing new is started, 1 in flight will finish; once more to stop waiting for them
    [3/3] 111122220003 staging-03  changed  +2 endpoints, +1 security group  1m20s
    applied to 1 account in 1m20s
    "#);
}

#[tokio::test(start_paused = true)]
async fn verbose_adds_every_change_and_state_and_regions_are_named_where_there_are_several() {
    insta::assert_snapshot!(piped(true, many_regions()).await, @r#"
    linkwalk 0.1.0: apply, deployment privatelink
    3 consumers, 1 skipped, 6 targets
    observing 3 targets
    [1/6] 111122220001/eu-west-1 staging-01  unreachable  2s
        AssumeRole: AccessDenied: not authorized on arn:aws:iam::111122220001:role/Access (request req-1)
        hint: the role `Access` does not exist or does not trust you
    [2/6] 111122220002/eu-west-1 staging-02  unreachable  2s
        AssumeRole: AccessDenied: not authorized on arn:aws:iam::111122220002:role/Access (request req-2)
    observed 3 targets in 2s
    applying to 1 target
        111122220003/eu-west-1 + linkwalk-endpoints sg-1
        111122220003/eu-west-1 + ecr.api vpce-1
        111122220003/eu-west-1 throttled: CreateVpcEndpoint
        111122220003/eu-west-1 + logs vpce-2
    still working: 0/1 done, 1 in flight (1 waiting for endpoints), oldest staging-03 30s
    still working: 0/1 done, 1 in flight (1 waiting for endpoints), oldest staging-03 1m00s
    stopping: nothing new is started, 1 in flight will finish; once more to stop waiting for them
        111122220003/eu-west-1 logs vpce-logs available
    [3/6] 111122220003/eu-west-1 staging-03  changed  +2 endpoints, +1 security group  1m20s
    applied to 1 target in 1m20s
    "#);
}

#[tokio::test(start_paused = true)]
async fn machines_get_every_event_as_one_line_with_the_version_first() {
    let (pipe, (events, receiver)) = (Pipe::with_room(usize::MAX), Events::channel());
    let consumer = spawn(receiver, Box::new(Jsonl::new(pipe.clone())), Shutdown::new());
    let nasty = "evil\u{1b}[2J\u{9b}\n".to_owned();
    let target: TargetId = "111122220004/eu-west-1".parse().unwrap();
    events.send(run_started());
    events.send(discovered(4));
    sleep(Duration::from_millis(1500)).await;
    events.send(EventKind::TargetStarted { target, name: nasty });
    events.send(step(1, Step::Observing));
    events.send(planned(1));
    events.send(done(1, "+ logs", "vpce-1"));
    events.send(finished(1, Outcome::Changed));
    events.send(finished(2, unreachable(2)));
    events.send(finished(3, failed()));
    drop(events);
    consumer.await.unwrap();
    let text = pipe.text();
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&first["event"], &first["format"]), (&"run-started".into(), &FORMAT.into()));
    insta::assert_snapshot!(text, @r#"
    {"elapsed_ms":0,"event":"run-started","format":"1.1","version":"0.1.0","command":"apply","deployment":"privatelink","started_at":"2026-11-22T00:00:00Z","sandbox":false}
    {"elapsed_ms":0,"event":"discovered","consumers":4,"skipped":4,"targets":4}
    {"elapsed_ms":1500,"event":"target-started","target":"111122220004/eu-west-1","name":"evil\u001b[2J\u009b\n"}
    {"elapsed_ms":1500,"event":"target-step","target":"111122220001/eu-west-1","step":"observing"}
    {"elapsed_ms":1500,"event":"target-planned","target":"111122220001/eu-west-1","name":"staging-01","create":7,"modify":0,"delete":0,"blocked":0}
    {"elapsed_ms":1500,"event":"action-finished","target":"111122220001/eu-west-1","action":0,"what":"+ logs","resource":"vpce-1"}
    {"elapsed_ms":1500,"event":"target-finished","target":"111122220001/eu-west-1","name":"staging-01","outcome":"changed"}
    {"elapsed_ms":1500,"event":"target-finished","target":"111122220002/eu-west-1","name":"staging-02","outcome":"unreachable","failure":{"operation":"AssumeRole","class":"denied","code":"AccessDenied","message":"not authorized on arn:aws:iam::111122220002:role/Access","request_id":"req-2","hint":"the role `Access` does not exist or does not trust you"}}
    {"elapsed_ms":1500,"event":"target-finished","target":"111122220003/eu-west-1","name":"staging-03","outcome":"failed","failed":[{"action":1,"what":"ecr.api","failure":{"operation":"CreateVpcEndpoint","class":"quota","message":"limit of 50 reached"}}]}
    "#);
}
