//! How a diagnosis is written for people.

pub mod shared_root;
pub mod text;
