//! The compiled program, and the whole of the library, against two witnesses that know nothing of each
//! other: our own sandbox, and an independent emulator of AWS. One binary; one emulator for all tests
//! that need it, and an organization of its own for each of them (see `rig`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod accounts;
mod architecture;
mod audit;
mod bad_input;
mod book;
mod change;
mod clients;
mod contracts;
mod create;
mod demo;
mod destroy;
mod doctor;
mod edges;
mod faults;
mod init;
mod interrupt;
mod isolation;
mod lock;
mod notify;
mod output;
mod pace;
mod permissions;
mod policies;
mod regions;
mod rehearsal;
mod rehearse;
mod repair;
mod reports;
mod resume;
mod rig;
mod rollout;
mod runs;
mod sandbox;
mod saved;
mod scale;
mod sessions;
mod settings;
mod shards;
mod simulation;
mod terminal;
mod waiting;
