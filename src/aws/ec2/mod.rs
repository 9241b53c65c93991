//! EC2 in one target, in the model's nouns.

mod change;
mod dry_run;
mod observe;
mod survey;

pub use change::{EndpointModification, NewEndpoint};
pub use observe::Interfaces;

use aws_sdk_ec2::Client;

pub use dry_run::Read;

use crate::aws::requests::{Request, RequestLog};
use crate::ids::TargetId;

/// EC2 of one account in one region.
#[derive(Debug)]
pub struct Ec2 {
    client: Client,
    target: TargetId,
    requests: RequestLog,
}

impl Ec2 {
    pub(super) fn new(client: Client, target: TargetId, requests: RequestLog) -> Self {
        Self { client, target, requests }
    }

    /// The mutating requests that were answered since this was last asked, in order.
    pub fn take_requests(&self) -> Vec<Request> {
        self.requests.take()
    }
}
