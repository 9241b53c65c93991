//! The failure budget: how many targets may fail before nothing new is started.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::plan::outcome::{Held, HeldCode};

/// How many of these targets may fail.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    /// Whose budget it is: `wave 2 (staging)`.
    pub(super) whose: String,
    /// How many may fail.
    pub(super) allowed: usize,
    /// How many there are.
    pub(super) of: usize,
    /// How many have failed.
    pub(super) failed: usize,
}

impl Limit {
    fn is_spent(&self) -> bool {
        self.failed > self.allowed
    }

    /// In words.
    fn spent(&self) -> String {
        let Self { whose, allowed, of, failed } = self;
        format!("the failure budget of {whose} is spent: {failed} of {of} failed, {allowed} may")
    }
}

/// Decides whether one more target is started.
#[derive(Debug)]
pub(super) struct Budget {
    state: Mutex<State>,
    /// Whether no more may be in flight than could all fail without overshooting by more than one.
    strict: bool,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    limits: Vec<Limit>,
    in_flight: usize,
}

impl State {
    fn spent(&self) -> Option<Held> {
        let limit = self.limits.iter().find(|limit| limit.is_spent())?;
        Some(Held::new(HeldCode::BudgetSpent, limit.spent()))
    }

    fn width(&self) -> Option<usize> {
        let left = |limit: &Limit| (limit.allowed + 1).saturating_sub(limit.failed);
        self.limits.iter().map(left).min()
    }
}

impl Budget {
    /// A budget within all of these limits.
    pub(super) fn new(limits: Vec<Limit>, strict: bool) -> Arc<Self> {
        let state = Mutex::new(State { limits, in_flight: 0 });
        Arc::new(Self { state, strict, changed: Notify::new() })
    }

    /// One that is never spent.
    pub(super) fn unlimited() -> Arc<Self> {
        Self::new(Vec::new(), false)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing can panic between two states.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing new is started any more; `None` as long as it is.
    pub(super) fn spent(&self) -> Option<Held> {
        self.state().spent()
    }

    /// How many may be in flight now; `None` for as many as there are places.
    pub(super) fn width(&self) -> Option<usize> {
        self.state().width().filter(|_| self.strict)
    }

    /// Admits one more target, or says why it is not started; `None` where that is not decided before
    /// another one has ended, which [`Budget::changed`] waits for.
    pub(super) fn try_enter(self: &Arc<Self>) -> Option<Result<Entry, Held>> {
        let mut state = self.state();
        if let Some(held) = state.spent() {
            return Some(Err(held));
        }
        if self.strict && state.width().is_some_and(|width| state.in_flight >= width) {
            return None;
        }
        state.in_flight += 1;
        Some(Ok(Entry { budget: Arc::clone(self), is_open: true }))
    }

    /// Until the next target has ended, counted from this call.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// A target has ended. Answers why nothing new is started any more, if this was the one too many.
    fn leave(&self, has_failed: bool) -> Option<Held> {
        let mut state = self.state();
        let was_spent = state.spent().is_some();
        state.in_flight -= 1;
        for limit in &mut state.limits {
            limit.failed += usize::from(has_failed);
        }
        let spent = state.spent();
        drop(state);
        self.changed.notify_waiters();
        spent.filter(|_| !was_spent)
    }
}

/// A target that was admitted and has not ended.
#[derive(Debug)]
pub(super) struct Entry {
    budget: Arc<Budget>,
    is_open: bool,
}

impl Entry {
    /// The target has ended. Answers why nothing new is started any more, if this was the one too many.
    pub(super) fn end(mut self, has_failed: bool) -> Option<Held> {
        self.is_open = false;
        self.budget.leave(has_failed)
    }
}

/// A target that ended without an outcome has panicked, and so failed.
impl Drop for Entry {
    fn drop(&mut self) {
        if self.is_open {
            self.budget.leave(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(allowed: usize, failed: usize) -> Limit {
        Limit { whose: "wave 2 (staging)".to_owned(), allowed, of: 40, failed }
    }

    /// As many as are admitted at once.
    fn admitted(budget: &Arc<Budget>) -> Vec<Entry> {
        let enter = || budget.try_enter().and_then(Result::ok);
        std::iter::from_fn(enter).take(50).collect()
    }

    #[test]
    fn a_strict_budget_cannot_be_overshot_by_more_than_one_whatever_fails() {
        for allowed in [0, 1, 5] {
            for fails_every in [1, 2, 3] {
                let budget = Budget::new(vec![limit(allowed, 0)], true);
                let (mut failed, mut ended) = (0, 0);
                loop {
                    let entries = admitted(&budget);
                    if entries.is_empty() {
                        break;
                    }
                    for entry in entries {
                        ended += 1;
                        let fails = ended % fails_every == 0;
                        failed += usize::from(fails);
                        entry.end(fails);
                    }
                }
                assert_eq!(failed, allowed + 1, "{allowed} allowed, every {fails_every} fails");
            }
        }
    }

    #[test]
    fn a_strict_budget_narrows_with_every_failure_and_a_soft_one_does_not() {
        let strict = Budget::new(vec![limit(5, 0), limit(3, 0)], true);
        assert_eq!(strict.width(), Some(4));
        strict.try_enter().unwrap().unwrap().end(true);
        assert_eq!(strict.width(), Some(3));
        strict.try_enter().unwrap().unwrap().end(false);
        assert_eq!(strict.width(), Some(3));
        let soft = Budget::new(vec![limit(0, 0)], false);
        let entries = admitted(&soft);
        assert_eq!(entries.len(), 50);
    }

    #[test]
    fn the_one_too_many_is_told_once_and_nothing_is_admitted_after_it() {
        let budget = Budget::new(vec![limit(3, 2)], false);
        let entries = admitted(&budget);
        let told: Vec<_> = entries.into_iter().filter_map(|entry| entry.end(true)).collect();
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].reason,
            "the failure budget of wave 2 (staging) is spent: 4 of 40 failed, 3 may"
        );
        assert!(budget.try_enter().unwrap().is_err());
    }

    #[tokio::test]
    async fn whoever_waits_learns_that_another_has_ended_and_a_panic_is_a_failure() {
        let budget = Budget::new(vec![limit(1, 0)], true);
        let [first, second] = [0, 1].map(|_| budget.try_enter().unwrap().unwrap());
        let changed = budget.changed();
        assert!(budget.try_enter().is_none());
        drop(first);
        changed.await;
        assert!(budget.try_enter().is_none(), "a failure leaves no room");
        let changed = budget.changed();
        second.end(false);
        changed.await;
        assert!(budget.try_enter().unwrap().is_ok());
    }
}
