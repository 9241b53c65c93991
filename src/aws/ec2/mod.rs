//! EC2 in one target, in the model's nouns.

mod change;
mod observe;

use aws_sdk_ec2::Client;

use crate::aws::pace::Bucket;
use crate::ids::TargetId;

/// EC2 of one account in one region.
#[derive(Debug)]
pub struct Ec2 {
    client: Client,
    target: TargetId,
    creates: Bucket,
    modifies: Bucket,
    deletes: Bucket,
}

impl Ec2 {
    pub(super) fn new(client: Client, target: TargetId) -> Self {
        Self {
            client,
            target,
            creates: Bucket::vpc_endpoint_mutation(),
            modifies: Bucket::vpc_endpoint_mutation(),
            deletes: Bucket::vpc_endpoint_mutation(),
        }
    }
}
