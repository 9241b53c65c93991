//! EC2 in one target, in the model's nouns.

mod change;
mod observe;

pub use change::{EndpointModification, NewEndpoint};
pub use observe::Interfaces;

use aws_sdk_ec2::Client;

use crate::aws::pace::Bucket;
use crate::aws::requests::{Request, RequestLog};
use crate::ids::TargetId;

/// EC2 of one account in one region.
#[derive(Debug)]
pub struct Ec2 {
    client: Client,
    target: TargetId,
    creates: Bucket,
    modifies: Bucket,
    deletes: Bucket,
    requests: RequestLog,
}

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

impl Ec2 {
    pub(super) fn new(client: Client, target: TargetId, speed: f64, requests: RequestLog) -> Self {
        Self {
            client,
            target,
            creates: Bucket::vpc_endpoint_mutation(speed),
            modifies: Bucket::vpc_endpoint_mutation(speed),
            deletes: Bucket::vpc_endpoint_mutation(speed),
            requests,
        }
    }

    /// The mutating requests that were answered since this was last asked, in order.
    pub fn take_requests(&self) -> Vec<Request> {
        self.requests.take()
    }

    /// Waits until EC2 will take one more call of this kind.
    pub async fn pace(&self, mutation: Mutation) {
        let bucket = match mutation {
            Mutation::CreateEndpoint => &self.creates,
            Mutation::ModifyEndpoint => &self.modifies,
            Mutation::DeleteEndpoint => &self.deletes,
        };
        bucket.take().await;
    }
}
