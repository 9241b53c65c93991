//! Whose turn it is: leave to send the calls that EC2 throttles hardest.

use std::sync::Arc;

use tokio::time::sleep;

use super::limiter::{Limiter, Pass, Urgency};
use super::pace::{self, Buckets, Rate};
use crate::ids::TargetId;

/// The calls that EC2 throttles hardest; each has a bucket of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// `CreateVpcEndpoint`
    CreateEndpoint,
    /// `ModifyVpcEndpoint`
    ModifyEndpoint,
    /// `DeleteVpcEndpoints`
    DeleteEndpoint,
}

impl Mutation {
    fn bucket(self) -> (&'static str, Rate) {
        let action = match self {
            Self::CreateEndpoint => "CreateVpcEndpoint",
            Self::ModifyEndpoint => "ModifyVpcEndpoint",
            Self::DeleteEndpoint => "DeleteVpcEndpoints",
        };
        (action, pace::ec2(action, false))
    }
}

/// The pace of one target: its account's own buckets in the region, and the limiter that all accounts
/// share there. Waiting for it needs no client and no connection.
#[derive(Debug)]
pub struct Pace {
    target: TargetId,
    buckets: Arc<Buckets>,
    limiter: Arc<Limiter>,
    /// How often in a row AWS has throttled this target's mutations.
    refusals: u32,
}

/// Leave to send one mutating call. It goes stale when others are throttled before it is used.
#[derive(Debug, Clone, Copy)]
pub struct Permit {
    mutation: Mutation,
    pass: Pass,
}

impl Pace {
    pub(super) fn new(target: TargetId, buckets: Arc<Buckets>, limiter: Arc<Limiter>) -> Self {
        Self { target, buckets, limiter, refusals: 0 }
    }

    /// Waits until AWS will take one more call of this kind. The token itself is taken by the call.
    pub async fn turn(&self, mutation: Mutation, urgency: Urgency) -> Permit {
        let (action, rate) = mutation.bucket();
        loop {
            let wait = self.buckets.ready_in(action, rate);
            if wait.is_zero() {
                break;
            }
            sleep(wait).await;
        }
        Permit { mutation, pass: self.limiter.pass(urgency).await }
    }

    /// Whether leave given some time ago may still be used.
    pub fn is_fresh(&self, permit: Permit) -> bool {
        self.limiter.is_fresh(permit.pass)
    }

    /// AWS answered a call, and did not throttle it.
    pub fn accepted(&mut self) {
        self.refusals = 0;
        self.limiter.accepted();
    }

    /// AWS throttled a call: the next one waits for longer, and so do others where more accounts are
    /// throttled than this one.
    pub fn throttled(&mut self, permit: Permit) {
        self.refusals += 1;
        let (action, rate) = permit.mutation.bucket();
        self.buckets.empty(action, rate, self.refusals);
        self.limiter.throttled(permit.pass, &self.target.account);
    }
}
