//! The two thin ways in: in process for the SDK, and HTTP on loopback for every client.

pub(crate) mod in_process;
pub(crate) mod loopback;
