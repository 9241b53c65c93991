//! What people and machines see of a run.

pub mod event;
pub mod plan_json;
pub mod plan_text;
pub mod safe;
