//! Rehearsals: what a rollout can cost at the least, what organization it is rehearsed on, and a real
//! organization written down so that it can be rehearsed on. Pure: who rehearses is the command.

pub mod bound;
pub mod generated;
pub mod saved;
