//! `linkwalk` puts AWS PrivateLink endpoints, right, into every account of an organization.

pub mod aws;
pub mod config;
pub mod exit;
pub mod ids;
pub mod model;
pub mod plan;
pub mod report;
pub mod shutdown;
