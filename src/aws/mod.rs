//! The edge: the only module that names a type of the AWS SDK. What comes in is the model's nouns, what
//! goes out is the model's nouns or a [`crate::model::failure::Failure`].

mod assume;
mod bucket;
mod convert;
mod ec2;
mod error;
mod hosted_zones;
mod http;
mod limiter;
mod organizations;
mod pace;
mod paced;
mod quotas;
mod registry;
mod requests;
mod sessions;
mod skew;
mod throttle;
mod topic;
mod traffic;
mod turn;
mod webhook;

pub use bucket::Bucket;
pub use ec2::{Ec2, EndpointModification, Interfaces, NewEndpoint, Read};
pub use hosted_zones::HostedZones;
pub use limiter::Urgency;
pub use organizations::Organizations;
pub use quotas::Quotas;
pub use registry::{Entry, Registry};
pub use requests::Request;
pub use sessions::{Access, Caller, Sessions, region_of_environment};
pub use throttle::OnThrottle;
pub use topic::Topic;
pub use traffic::Traffic;
pub use turn::{Mutation, Pace, Permit};
pub use webhook::Webhook;
