//! What makes the sandbox behave like a busy service: limits of request rates, scripted faults, and the
//! log of all calls.

pub(crate) mod bucket;
pub(crate) mod delay;
pub(crate) mod faults;
pub(crate) mod limits;
pub(crate) mod log;
