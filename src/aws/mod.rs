//! The edge: the only module that names a type of the AWS SDK. What comes in is the model's nouns, what
//! goes out is the model's nouns or a [`crate::model::failure::Failure`].

mod assume;
mod convert;
mod ec2;
mod error;
mod http;
mod limiter;
mod organizations;
mod pace;
mod paced;
mod sessions;
mod throttle;
mod turn;

pub use ec2::{Ec2, EndpointModification, NewEndpoint};
pub use limiter::Urgency;
pub use organizations::Organizations;
pub use sessions::{Access, Caller, Sessions};
pub use throttle::OnThrottle;
pub use turn::{Mutation, Pace, Permit};
