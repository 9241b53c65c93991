//! The nouns: plain values, comparable and serialisable, without behaviour that needs a clock or a
//! network. Nothing here knows an SDK type.

pub mod account;
pub mod endpoint;
pub mod failure;
pub mod finding;
pub mod network;
pub mod observed;
pub mod permissions;
pub mod policy;
pub mod region;
pub mod service;
pub mod shard;
pub mod spec;
