//! VPC endpoints: describe, create, modify, delete, and the rules AWS holds them to.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod dns;
pub(crate) mod modify;
pub(crate) mod policy;
pub(crate) mod rules;
