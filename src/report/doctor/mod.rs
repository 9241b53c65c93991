//! How a diagnosis is written for people.

pub mod text;
