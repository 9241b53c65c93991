//! The lock in a bucket: machines that share nothing else exclude each other. In virtual time.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkwalk::aws::Sessions;
use linkwalk::config::{self, Config};
use linkwalk::report::event::{EventKind, Events, Message};
use linkwalk::run::access;
use linkwalk::run::lock::{self, Lock, Owner, Refused};
use linkwalk::sandbox::{Options, Sandbox, World};
use linkwalk::shutdown::{Level, Shutdown};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

const SCENARIO: &str = r#"
format = 1
[organization]
[[bucket]]
name = "our-locks"
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.s3]
[lock]
bucket = "s3://our-locks/here"
"#;

const KEY: &str = "here/privatelink.lock.json";

fn sandbox() -> Sandbox {
    Sandbox::new(World::from_scenario(SCENARIO).unwrap(), Options::at(Timestamp::now()))
}

/// A machine: its own folder, the same bucket.
struct Machine {
    folder: TempDir,
    config: Config,
    sessions: Sessions,
    events: Events,
    told: UnboundedReceiver<Message>,
    shutdown: Shutdown,
}

impl Machine {
    fn new(sandbox: &Sandbox) -> Self {
        let config = config::parse("test".to_owned(), ACCOUNTS.to_owned(), Path::new("")).unwrap();
        let keys = Sandbox::credentials(sandbox.world().operator());
        let sessions = Sessions::in_process(sandbox.http_client(), keys, 1.0, access(&config));
        let ((events, told), shutdown) = (Events::channel(), Shutdown::new());
        Self { folder: TempDir::new().unwrap(), config, sessions, events, told, shutdown }
    }

    async fn take(&self, owner: Owner) -> Result<Lock, Refused> {
        let (root, seen) = (self.folder.path(), (&self.events, &self.shutdown));
        lock::take(root, &self.config, owner, &self.sessions, seen).await
    }

    /// What stands in the bucket.
    async fn there(&self) -> Option<Owner> {
        let bucket = self.sessions.bucket("our-locks", &self.config.organization.regions[0]);
        let (text, _) = bucket.get(KEY).await.unwrap()?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// Leaves a lock behind, as a run on a machine that is gone did.
    async fn leave(&self, owner: &Owner) {
        let bucket = self.sessions.bucket("our-locks", &self.config.organization.regions[0]);
        bucket.create(KEY, &serde_json::to_string(owner).unwrap()).await.unwrap().unwrap();
    }
}

fn owner(run: &str) -> Owner {
    Owner::new("privatelink", run, "apply", Timestamp::now())
}

/// Somebody on another machine who was last heard of so long ago.
fn gone(run: &str, minutes: i64) -> Owner {
    let then = Timestamp::now() - SignedDuration::from_mins(minutes);
    Owner { host: "runner-7".to_owned(), since: then, heard: then, ..owner(run) }
}

#[track_caller]
fn refusal(result: Result<Lock, Refused>) -> String {
    result.map(|_| ()).unwrap_err().in_words(Timestamp::now())
}

#[tokio::test(start_paused = true)]
async fn the_second_machine_is_told_who_the_first_is_until_that_gives_it_back() {
    let sandbox = sandbox();
    let (one, two) = (Machine::new(&sandbox), Machine::new(&sandbox));
    let held = one.take(owner("first")).await.unwrap();
    let said = refusal(two.take(owner("second")).await);
    assert!(
        said.contains("run first (apply) of ") && said.contains("force-unlock first"),
        "{said}"
    );
    held.release().await.unwrap();
    assert_eq!(one.there().await, None);
    let held = two.take(owner("second")).await.unwrap();
    assert!(held.notes.is_empty());
    held.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_of_the_whole_and_one_of_a_shard_exclude_each_other_on_every_machine() {
    let sandbox = sandbox();
    let (whole, mut shard, mut other) =
        (Machine::new(&sandbox), Machine::new(&sandbox), Machine::new(&sandbox));
    shard.config.shard = Some("1/2".parse().unwrap());
    other.config.shard = Some("2/2".parse().unwrap());
    let same = TempDir::new().unwrap();
    // By the bucket, and by the folder where the machine is the same.
    for bucket in [true, false] {
        let mut machines =
            [&whole, &shard].map(|one| (one.config.clone(), one.folder.path().to_owned()));
        if !bucket {
            for (config, folder) in &mut machines {
                config.lock = None;
                same.path().clone_into(folder);
            }
        }
        let take = async |(config, folder): &(Config, std::path::PathBuf), run: &str| {
            let seen = (&whole.events, &whole.shutdown);
            lock::take(folder, config, owner(run), &whole.sessions, seen).await
        };
        for (first, second) in [(0, 1), (1, 0)] {
            let held = take(&machines[first], "first").await.unwrap();
            let said = refusal(take(&machines[second], "second").await);
            assert!(said.contains("run first (apply) of "), "{said}");
            held.release().await.unwrap();
            take(&machines[second], "second").await.unwrap().release().await.unwrap();
        }
    }
    let (one, two) = (shard.take(owner("one")).await.unwrap(), other.take(owner("two")).await);
    two.unwrap().release().await.unwrap();
    one.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_many_at_once_one_wins() {
    let sandbox = sandbox();
    let machines: Vec<Machine> = (0..8).map(|_| Machine::new(&sandbox)).collect();
    let tries = machines.iter().enumerate().map(|(n, one)| one.take(owner(&format!("run-{n}"))));
    let taken = futures::future::join_all(tries).await;
    assert_eq!(taken.iter().filter(|one| one.is_ok()).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_holder_says_every_minute_that_it_lives_and_stops_when_its_lock_is_broken() {
    let sandbox = sandbox();
    let (mut one, two) = (Machine::new(&sandbox), Machine::new(&sandbox));
    let held = one.take(owner("first")).await.unwrap();
    sleep(Duration::from_secs(150)).await;
    let there = one.there().await.unwrap();
    assert_eq!(there.heard.duration_since(there.since).as_mins(), 2);
    assert_eq!(one.shutdown.level(), Level::Run);
    let root = two.folder.path();
    assert!(lock::break_open(root, &two.config, "other", &two.sessions).await.is_err());
    lock::break_open(root, &two.config, "first", &two.sessions).await.unwrap();
    let taken = two.take(owner("second")).await.unwrap();
    sleep(Duration::from_secs(90)).await;
    assert_eq!(one.shutdown.level(), Level::Drain);
    let Some(Message::Event(event)) = one.told.recv().await else { panic!("nothing was told") };
    let EventKind::Notice { text } = event.kind else { panic!("{event:?}") };
    assert!(text.contains("was broken or taken"), "{text}");
    // Giving back what is not ours any more takes nothing from whoever has it.
    held.release().await.unwrap();
    assert_eq!(one.there().await.unwrap().run, "second");
    taken.release().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_silent_lock_is_taken_over_only_by_who_resumes_its_run() {
    let sandbox = sandbox();
    let machine = Machine::new(&sandbox);
    machine.leave(&gone("first", 90)).await;
    let said = refusal(machine.take(owner("second")).await);
    assert!(said.contains("not heard of for 1h30m") && said.contains("runner-7"), "{said}");
    let held = machine.take(owner("first")).await.unwrap();
    assert!(held.notes[0].contains("took over the lock of run first"), "{:?}", held.notes);
    held.release().await.unwrap();
    // One that was heard of lately may be alive, whoever asks.
    machine.leave(&gone("first", 2)).await;
    assert!(refusal(machine.take(owner("first")).await).contains("last heard of 2m00s ago"));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_not_there_is_told() {
    let mut machine = Machine::new(&sandbox());
    machine.config.lock.as_mut().unwrap().bucket = "no-such-bucket".to_owned();
    let said = refusal(machine.take(owner("first")).await);
    assert!(said.contains("cannot lock") && said.contains("no-such-bucket"), "{said}");
    // And the lock on this machine is free again.
    machine.config.lock = None;
    assert!(machine.take(owner("first")).await.unwrap().notes.is_empty());
}
