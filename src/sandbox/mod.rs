//! An AWS that fits in memory: enough of EC2, STS and Organizations to rehearse on, and of S3, SNS,
//! CloudWatch, Service Quotas and Route 53 for what is beside them.
//!
//! It is a server, not a mock: bytes in, bytes out, over a [`World`] that can be saved. The credential scope
//! of a request's signature names service and region, its access key names the principal, so one address
//! serves a whole organization. It refuses what AWS refuses and fails closed on what it does not know.
//!
//! ```text
//! world     what exists                    scenario   a file or parameters -> a world
//! wire      bytes, XML, JSON, pages        auth       keys, sessions, signatures, permission
//! ec2 sts organizations ...  each service   load       limits, faults, delays, the log
//! dispatch  one call   server  the sandbox transport  in process, loopback
//! ```
//!
//! Imports nothing of the rest of the crate: an emulator that shared its parser would share its bugs.

mod asked;
mod auth;
mod breakage;
mod catalogue;
mod clock;
mod cloudwatch;
mod dice;
mod dispatch;
mod ec2;
mod ecr;
mod load;
mod options;
mod organizations;
mod route53;
mod s3;
mod scenario;
mod server;
mod service_quotas;
mod sns;
mod sts;
mod transport;
mod wire;
mod world;

pub use self::breakage::Breakage;
pub use self::load::faults::{Effect, FaultRule};
pub use self::load::log::{Call, Tallies, Tally};
pub use self::options::Options;
pub use self::scenario::{DEMO, Generated, SCENARIO_SCHEMA, ScenarioError};
pub use self::server::Sandbox;
pub use self::transport::loopback::serve;
pub use self::wire::message::{Cut, Request, Response};
pub use self::world::World;
pub use self::world::store::StoreError;
pub use self::world::topic::Published;
