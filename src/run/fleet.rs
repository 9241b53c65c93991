//! The fleet: one piece of work per target, many at once, none able to spoil another.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::Target;
use super::budget::{Budget, Entry};
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::outcome::Held;
use crate::shutdown::{Level, Shutdown};

/// A place among the targets being worked on. Whoever only waits gives it back.
#[derive(Debug)]
pub(super) struct Slot {
    places: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// Gives the place back, for as long as there is nothing to send.
    pub(super) fn release(&mut self) {
        self.held = None;
    }

    /// Takes a place again, waiting for one where all are taken.
    pub(super) async fn hold(&mut self) {
        if self.held.is_none() {
            // The semaphore is never closed.
            self.held = Arc::clone(&self.places).acquire_owned().await.ok();
        }
    }
}

/// How a target's work ended.
#[derive(Debug)]
pub(super) enum Turn<R> {
    /// It ran to its end.
    Done(R),
    /// It panicked: a bug, and this target's alone.
    Panicked(Failure),
    /// Its turn did not come.
    NotStarted(Held),
}

/// Runs `work` for every target, `places` at a time and no more than the budget admits, until all have
/// ended or, once the run drains or the budget is spent, until those that were started have. Every target
/// is in the answer exactly once.
pub(super) async fn fleet<R, W, F>(
    targets: Vec<Arc<Target>>,
    places: usize,
    shutdown: &Shutdown,
    budget: &Arc<Budget>,
    work: W,
) -> Vec<(Arc<Target>, Turn<R>)>
where
    R: Send + 'static,
    W: Fn(Arc<Target>, Slot, Entry) -> F,
    F: Future<Output = R> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(places));
    let mut running = JoinSet::new();
    let mut ended = Vec::with_capacity(targets.len());
    for target in targets {
        let mut slot = Slot { places: Arc::clone(&places), held: None };
        let entry = tokio::select! {
            biased;
            () = shutdown.at_least(Level::Drain) => Err(Held::interrupted()),
            entry = enter(&mut slot, budget) => entry,
        };
        let entry = match entry {
            Ok(entry) => entry,
            Err(held) => {
                ended.push((target, Turn::NotStarted(held)));
                continue;
            }
        };
        let work = AssertUnwindSafe(work(Arc::clone(&target), slot, entry)).catch_unwind();
        running.spawn(async move {
            let turn = match work.await {
                Ok(result) => Turn::Done(result),
                Err(panic) => Turn::Panicked(bug(panic.as_ref())),
            };
            (target, turn)
        });
        while let Some(done) = running.try_join_next() {
            ended.extend(done);
        }
    }
    while let Some(done) = running.join_next().await {
        ended.extend(done);
    }
    ended
}

/// The same for work that holds its place from beginning to end and that no budget limits.
pub(super) async fn each<R, W, F>(
    targets: Vec<Arc<Target>>,
    places: usize,
    shutdown: &Shutdown,
    work: W,
) -> Vec<(Arc<Target>, Turn<R>)>
where
    R: Send + 'static,
    W: Fn(Arc<Target>) -> F,
    F: Future<Output = R> + Send + 'static,
{
    let held = |target, slot: Slot, _| {
        let work = work(target);
        async move {
            let result = work.await;
            drop(slot);
            result
        }
    };
    fleet(targets, places, shutdown, &Budget::unlimited(), held).await
}

/// Takes a place and asks the budget, in this order: while there is none, the budget may be spent.
async fn enter(slot: &mut Slot, budget: &Arc<Budget>) -> Result<Entry, Held> {
    loop {
        let changed = budget.changed();
        slot.hold().await;
        if let Some(decided) = budget.try_enter() {
            return decided;
        }
        slot.release();
        changed.await;
    }
}

fn bug(panic: &(dyn std::any::Any + Send)) -> Failure {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned());
    let mut failure = Failure::local("run one target", ErrorClass::Bug, message);
    failure.hint = Some("this is a bug in linkwalk; please report it".to_owned());
    failure
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use super::super::Targets;
    use super::*;
    use crate::config;
    use crate::model::account::{Account, AccountState};

    fn targets(count: usize) -> Vec<Arc<Target>> {
        let text = "deployment = \"d\"\n[organization]\nregions = [\"eu-west-1\"]\n[endpoints.logs]\n\
                    [[override]]\naccounts = [\"000000000007\"]\ntags = { odd = \"yes\" }\n";
        let config = config::parse("test".to_owned(), text.to_owned(), "".as_ref()).unwrap();
        let mut targets = Targets::new(&config, None);
        let account = |number: usize| Account {
            id: format!("{number:012}").parse().unwrap(),
            name: format!("a{number}"),
            email: String::new(),
            ou_path: "/".to_owned(),
            ou_ids: Vec::new(),
            tags: None,
            state: AccountState::Active,
        };
        (0..count)
            .map(|number| targets.of(&account(number), &config.organization.regions[0]))
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_targets_are_worked_on_at_a_time_than_there_are_places() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = |_| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                now.fetch_sub(1, SeqCst);
            }
        };
        let ended = each(targets(50), 7, &Shutdown::new(), work).await;
        assert!(ended.len() == 50 && ended.iter().all(|(_, turn)| matches!(turn, Turn::Done(()))));
        assert_eq!(most.load(SeqCst), 7);
    }

    #[test]
    fn targets_that_should_have_the_same_share_it() {
        let targets = targets(9);
        let same = |one: usize, other: usize| {
            Arc::ptr_eq(&targets[one].settings, &targets[other].settings)
        };
        assert!(same(0, 8) && !same(0, 7));
        assert!(targets[7].settings.tags.contains_key("odd"));
    }
}
