//! The fleet: one piece of work per target, many at once, none able to spoil another.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::Target;
use crate::model::failure::{ErrorClass, Failure};
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
    /// The run was asked to stop before its turn.
    NotStarted,
}

/// Runs `work` for every target, `places` at a time, until all have ended or, once the run drains, until
/// those that were started have. Every target is in the answer exactly once.
pub(super) async fn fleet<R, W, F>(
    targets: Vec<Arc<Target>>,
    places: usize,
    shutdown: &Shutdown,
    work: W,
) -> Vec<(Arc<Target>, Turn<R>)>
where
    R: Send + 'static,
    W: Fn(Arc<Target>, Slot) -> F,
    F: Future<Output = R> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(places));
    let mut running = JoinSet::new();
    let mut ended = Vec::with_capacity(targets.len());
    for target in targets {
        let mut slot = Slot { places: Arc::clone(&places), held: None };
        tokio::select! {
            biased;
            () = shutdown.at_least(Level::Drain) => {
                ended.push((target, Turn::NotStarted));
                continue;
            }
            () = slot.hold() => {}
        }
        let work = AssertUnwindSafe(work(Arc::clone(&target), slot)).catch_unwind();
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
