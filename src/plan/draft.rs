//! A target's plan while it is being made: actions get their final numbers and order at the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{EndpointId, SubnetId, VpcId, ZoneId};
use crate::plan::action::{Action, ActionId, Drift, SecurityGroupRef, Verb};
use crate::plan::{Blocked, Note, TargetPlan};

/// Why something desired is not possible: a [`Blocked`] that does not yet say of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) reason: String,
    pub(super) resource: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), resource: None }
    }

    /// Names the resource that is the reason.
    pub(super) fn for_the_sake_of(self, resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..self }
    }
}

/// When an action's turn comes. An action only ever waits for actions of a lower rank, so that the
/// order of ranks is an order in which the plan can be executed. Interface endpoints come before the
/// gateways nobody waits for, because they take minutes to become available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Adopt,
    Vpc,
    Group,
    Delete,
    NeededGateway,
    Interface,
    Gateway,
    Tag,
    Remove,
    RemoveGroup,
}

/// The plan in the making. Numbers of actions are provisional until [`Draft::finish`].
#[derive(Debug, Default)]
pub(super) struct Draft {
    actions: Vec<(Rank, Action)>,
    blocked: BTreeSet<Blocked>,
    notes: BTreeSet<Note>,
    in_sync: BTreeSet<EndpointId>,
    pending: BTreeSet<EndpointId>,
    zones: BTreeMap<SubnetId, ZoneId>,
}

impl Draft {
    /// Adds an action and returns its provisional number.
    pub(super) fn act(
        &mut self,
        rank: Rank,
        what: &str,
        verb: Verb,
        drift: Vec<Drift>,
        after: BTreeSet<ActionId>,
    ) -> ActionId {
        let id = ActionId::try_from(self.actions.len()).unwrap_or(ActionId::MAX);
        self.actions.push((rank, Action { id, after, what: what.to_owned(), verb, drift }));
        id
    }

    /// Makes a gateway's turn come before that of the interface endpoints, one of which waits for it.
    pub(super) fn needed(&mut self, gateway: ActionId) {
        if let Some((rank, _)) = self.actions.iter_mut().find(|(_, action)| action.id == gateway) {
            *rank = Rank::NeededGateway;
        }
    }

    pub(super) fn block(&mut self, vpc: Option<&VpcId>, what: &str, refusal: Refusal) {
        self.blocked.insert(Blocked {
            vpc: vpc.cloned(),
            what: what.to_owned(),
            code: refusal.code.to_owned(),
            reason: refusal.reason,
            resource: refusal.resource,
        });
    }

    pub(super) fn note(
        &mut self,
        vpc: Option<&VpcId>,
        what: &str,
        code: &str,
        text: impl Into<String>,
    ) {
        self.notes.insert(Note {
            vpc: vpc.cloned(),
            what: what.to_owned(),
            code: code.to_owned(),
            text: text.into(),
            resource: None,
        });
    }

    /// A note about one resource.
    pub(super) fn note_of(
        &mut self,
        vpc: &VpcId,
        what: &str,
        code: &str,
        resource: &str,
        text: impl Into<String>,
    ) {
        self.notes.insert(Note {
            vpc: Some(vpc.clone()),
            what: what.to_owned(),
            code: code.to_owned(),
            text: text.into(),
            resource: Some(resource.to_owned()),
        });
    }

    /// Takes back what was said of a VPC before more was known.
    pub(super) fn take_back(&mut self, vpc: &VpcId, code: &str) {
        self.notes.retain(|note| note.vpc.as_ref() != Some(vpc) || note.code != code);
    }

    pub(super) fn in_sync(&mut self, endpoint: &EndpointId) {
        self.in_sync.insert(endpoint.clone());
    }

    pub(super) fn pending(&mut self, endpoint: &EndpointId) {
        self.pending.insert(endpoint.clone());
    }

    pub(super) fn zone(&mut self, subnet: &SubnetId, zone: &ZoneId) {
        self.zones.insert(subnet.clone(), zone.clone());
    }

    pub(super) fn actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().map(|(_, action)| action)
    }

    /// Puts the actions in the order of their ranks and renumbers them, references included.
    pub(super) fn finish(mut self) -> TargetPlan {
        self.actions.sort_by_key(|(rank, action)| (*rank, action.id));
        let actions = renumbered(self.actions.into_iter().map(|(_, action)| action).collect());
        let named = named_subnets(&actions);
        self.zones.retain(|subnet, _| named.contains(subnet));
        TargetPlan {
            actions,
            blocked: self.blocked.into_iter().collect(),
            notes: self.notes.into_iter().collect(),
            in_sync: self.in_sync.into_iter().collect(),
            pending: self.pending.into_iter().collect(),
            zones: self.zones,
        }
    }
}

/// Numbers actions by their place, references included.
pub(super) fn renumbered(actions: Vec<Action>) -> Vec<Action> {
    let numbers: BTreeMap<ActionId, ActionId> =
        actions.iter().map(|action| action.id).zip(0..).collect();
    let renumbered = |id: &ActionId| numbers.get(id).copied().unwrap_or(*id);
    actions
        .into_iter()
        .map(|action| Action {
            id: renumbered(&action.id),
            after: action.after.iter().map(renumbered).collect(),
            verb: with_groups_renumbered(action.verb, renumbered),
            ..action
        })
        .collect()
}

fn with_groups_renumbered(verb: Verb, renumbered: impl Fn(&ActionId) -> ActionId) -> Verb {
    let renumber = |groups: BTreeSet<SecurityGroupRef>| {
        groups
            .into_iter()
            .map(|group| match group {
                SecurityGroupRef::MadeBy(id) => SecurityGroupRef::MadeBy(renumbered(&id)),
                SecurityGroupRef::Id(_) => group,
            })
            .collect()
    };
    match verb {
        Verb::CreateEndpoint(mut endpoint) => {
            endpoint.security_groups = renumber(endpoint.security_groups);
            Verb::CreateEndpoint(endpoint)
        }
        Verb::ModifyEndpoint { id, key, mut change } => {
            change.add_security_groups = renumber(change.add_security_groups);
            Verb::ModifyEndpoint { id, key, change }
        }
        other => other,
    }
}

fn named_subnets(actions: &[Action]) -> BTreeSet<SubnetId> {
    let mut named = BTreeSet::new();
    for action in actions {
        match &action.verb {
            Verb::CreateEndpoint(endpoint) => named.extend(endpoint.subnets.iter().cloned()),
            Verb::ModifyEndpoint { change, .. } => {
                named.extend(change.add_subnets.iter().cloned());
                named.extend(change.remove_subnets.iter().cloned());
            }
            _ => {}
        }
    }
    named
}
