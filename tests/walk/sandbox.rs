//! The sandbox, tested from outside: bytes in, bytes out.

mod auth;
mod client;
mod endpoints;
mod faults;
mod limits;
mod networks;
mod organizations;
mod sdk;
mod server;
mod wire;
mod worlds;
