//! The sandbox, tested from outside: bytes in, bytes out.

mod auth;
mod client;
mod cloudwatch;
mod endpoints;
mod faults;
mod limits;
mod networks;
mod organizations;
mod s3;
mod sdk;
mod server;
mod sns;
mod wire;
mod worlds;
