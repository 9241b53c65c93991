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
    /// Those of ours to delete.
    pub(super) spare: Vec<&'a Endpoint>,
    /// Those that are not ours.
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
            ));
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
            ));
        }
        let is_kept = |endpoint: &Endpoint| kept.is_some_and(|kept| kept.id == endpoint.id);
        let spare = ours
            .into_iter()
            .filter(|endpoint| endpoint.state != EndpointState::Deleting && !is_kept(endpoint))
            .collect();
        Ok(Self { kept, spare, others })
    }

    /// All of ours.
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
