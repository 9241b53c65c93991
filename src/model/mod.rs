//! The nouns: plain values, comparable and serialisable, without behaviour that needs a clock or a
//! network. Nothing here knows an SDK type.

pub mod account;
pub mod denial;
pub mod endpoint;
pub mod failure;
pub mod finding;
pub mod hosted_zone;
pub mod network;
pub mod observed;
pub mod permissions;
pub mod policy;
pub mod quota;
pub mod region;
pub mod service;
pub mod shard;
pub mod spec;
