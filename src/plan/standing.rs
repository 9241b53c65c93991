//! How endpoints of ours under one key stand, before their attributes are looked at:
//!
//! | found under the key                     | result                                           |
//! |-----------------------------------------|--------------------------------------------------|
//! | nothing                                 | create                                           |
//! | available, pending, pendingAcceptance   | keep it, and modify what differs                 |
//! | several of these                        | keep the oldest available, delete the others     |
//! | only failed, rejected, expired          | delete, then create                              |
//! | deleting                                | blocked until it is gone                         |
//! | a state this version does not know      | blocked: nothing is ever guessed                 |

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::endpoint::{EndpointKey, EndpointState};
use crate::model::observed::Endpoint;
use crate::plan::action::{ActionId, Drift, Verb};
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::target::Site;

/// What there is under one key.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    /// The one of ours to keep.
    pub(super) kept: Option<&'a Endpoint>,
    /// Whether that is not ours yet.
    pub(super) adopted: bool,
    /// Those of ours to delete.
    pub(super) spare: Vec<&'a Endpoint>,
    /// Those that are not ours, or not for long: an endpoint being deleted holds on to its routes.
    pub(super) others: Vec<&'a Endpoint>,
}

impl<'a> Standing<'a> {
    pub(super) fn find(site: &Site<'a>, key: &EndpointKey) -> Result<Self, Refusal> {
        let (ours, others): (Vec<&Endpoint>, Vec<&Endpoint>) = site
            .endpoints()
            .filter(|endpoint| &endpoint.key == key && endpoint.state != EndpointState::Deleted)
            .partition(|endpoint| site.is_ours(&endpoint.tags) && !endpoint.requester_managed);
        if let Some(odd) = ours.iter().find(|endpoint| is_unknown(&endpoint.state)) {
            return Err(Refusal::new(
                "unknown-state",
                format!(
                    "{} is in the state `{}`, which this version does not know",
                    odd.id, odd.state
                ),
            )
            .for_the_sake_of(odd.id.as_str()));
        }
        let kept = ours.iter().copied().filter(|endpoint| is_usable(&endpoint.state)).max_by_key(
            |endpoint| {
                let available = endpoint.state == EndpointState::Available;
                (available, Reverse((endpoint.created, &endpoint.id)))
            },
        );
        let deleting = ours.iter().find(|endpoint| endpoint.state == EndpointState::Deleting);
        if let (None, Some(deleting)) = (kept, deleting) {
            return Err(Refusal::new(
                "still-deleting",
                format!("{} is being deleted: run again when it is gone", deleting.id),
            )
            .for_the_sake_of(deleting.id.as_str()));
        }
        let is_kept = |endpoint: &Endpoint| kept.is_some_and(|kept| kept.id == endpoint.id);
        let (leaving, staying): (Vec<_>, Vec<_>) =
            ours.into_iter().partition(|endpoint| endpoint.state == EndpointState::Deleting);
        let spare = staying.into_iter().filter(|endpoint| !is_kept(endpoint)).collect();
        let others = others.into_iter().chain(leaving).collect();
        Ok(Self { kept, adopted: false, spare, others })
    }

    /// All of ours that stay until we delete them.
    pub(super) fn ours(&self) -> Vec<&'a Endpoint> {
        self.kept.into_iter().chain(self.spare.iter().copied()).collect()
    }

    /// Deletes what is spare; what is made or changed in its place comes after the actions returned.
    pub(super) fn delete_spare(&self, what: &str, draft: &mut Draft) -> BTreeSet<ActionId> {
        self.spare
            .iter()
            .map(|endpoint| {
                let verb =
                    Verb::DeleteEndpoint { id: endpoint.id.clone(), key: endpoint.key.clone() };
                draft.act(Rank::Delete, what, verb, self.why_deleted(endpoint), BTreeSet::new())
            })
            .collect()
    }

    fn why_deleted(&self, endpoint: &Endpoint) -> Vec<Drift> {
        let drift = |field: &str, was: &str, should_be: &str| Drift {
            field: field.to_owned(),
            was: was.into(),
            should_be: should_be.into(),
        };
        let mut why = Vec::new();
        if !is_usable(&endpoint.state) {
            why.push(drift("state", endpoint.state.as_str(), "available"));
            why.extend(endpoint.last_error.as_ref().map(|error| Drift {
                field: "last_error".to_owned(),
                was: error.as_str().into(),
                should_be: serde_json::Value::Null,
            }));
        } else if let Some(kept) = self.kept {
            why.push(drift("twin", endpoint.id.as_str(), kept.id.as_str()));
        }
        why
    }
}

pub(super) fn is_usable(state: &EndpointState) -> bool {
    matches!(
        state,
        EndpointState::Available | EndpointState::Pending | EndpointState::PendingAcceptance
    )
}

fn is_unknown(state: &EndpointState) -> bool {
    matches!(state, EndpointState::Partial | EndpointState::Unknown(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::EndpointId;
    use crate::plan::testing::{World, check, gist, world};

    fn there(states: &[EndpointState]) -> World {
        world().want(["logs"]).applied().but(|w| {
            let template = w.endpoint("logs").clone();
            w.observed.endpoints.clear();
            for (at, state) in states.iter().enumerate() {
                let mut endpoint = template.clone();
                endpoint.id = EndpointId::new(format!("vpce-{at}"));
                endpoint.state = state.clone();
                // The later in the list the older.
                endpoint.created = 100 - i64::try_from(at).unwrap();
                endpoint.last_error = Some("no capacity".into());
                w.observed.endpoints.insert(endpoint.id.clone(), endpoint);
            }
        })
    }

    #[test]
    fn every_state_has_its_row() {
        use EndpointState::{
            Available, Deleted, Deleting, Expired, Failed, Partial, Pending, PendingAcceptance,
            Rejected, Unknown,
        };
        check([
            ("nothing", there(&[]), vec!["+ logs"]),
            ("available", there(&[Available]), vec![]),
            ("pending", there(&[Pending]), vec![]),
            ("in acceptance", there(&[PendingAcceptance]), vec![". logs: awaiting-acceptance"]),
            ("deleting", there(&[Deleting]), vec!["! logs: still-deleting"]),
            ("deleted", there(&[Deleted]), vec!["+ logs"]),
            ("failed", there(&[Failed]), vec!["- logs: state last_error", "+ logs"]),
            ("rejected", there(&[Rejected]), vec!["- logs: state last_error", "+ logs"]),
            ("expired", there(&[Expired]), vec!["- logs: state last_error", "+ logs"]),
            ("partial", there(&[Partial]), vec!["! logs: unknown-state"]),
            ("unknown", there(&[Unknown("odd".into())]), vec!["! logs: unknown-state"]),
            ("twins", there(&[Available, Available]), vec!["- logs: twin"]),
            ("failed twin", there(&[Available, Failed]), vec!["- logs: state last_error"]),
            ("deleting twin", there(&[Available, Deleting]), vec![]),
            ("unknown twin", there(&[Available, Partial]), vec!["! logs: unknown-state"]),
        ]);
    }

    #[test]
    fn what_is_made_anew_waits_for_the_deletion() {
        let plan = there(&[EndpointState::Failed]).plan();
        assert_eq!(plan.actions[1].after, [0].into());
    }

    #[test]
    fn the_oldest_available_twin_is_kept() {
        use EndpointState::{Available, Pending};
        for (states, kept) in [
            ([Available, Available, Pending].as_slice(), "vpce-1"),
            (&[Pending, Pending], "vpce-1"),
        ] {
            let plan = there(states).plan();
            let ids: Vec<_> = plan.in_sync.iter().map(EndpointId::as_str).collect();
            assert_eq!(ids, [kept]);
            assert_eq!(plan.actions.len(), states.len() - 1);
        }
    }

    #[test]
    fn a_pending_endpoint_is_still_awaited() {
        let plan = there(&[EndpointState::Pending]).plan();
        assert_eq!(plan.in_sync, plan.pending);
        assert_eq!(plan.pending.len(), 1);
    }

    #[test]
    fn a_change_waits_for_the_twins_deletion() {
        let world = there(&[EndpointState::Available, EndpointState::Available]).but(|w| {
            w.observed.endpoints.get_mut(&"vpce-1".into()).unwrap().private_dns = false;
        });
        let plan = world.plan();
        assert_eq!(gist(&plan), ["- logs: twin", "~ logs: private_dns"]);
        assert_eq!(plan.actions[1].after, [0].into());
    }

    #[test]
    fn what_is_requester_managed_is_never_ours() {
        let world = there(&[EndpointState::Available]).but(|w| {
            w.endpoint("logs").requester_managed = true;
            w.endpoint("logs").security_groups.clear();
        });
        check([(
            "tagged as ours, and still not touched",
            world,
            vec!["! logs: requester-managed", ". logs: requester-managed"],
        )]);
    }
}
