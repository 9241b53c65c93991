//! S3 (API 2006-03-01): objects, with the conditions that make a bucket fit for a lock.
//!
//! Buckets are addressed by host name (`NAME.s3.REGION.amazonaws.com`, `NAME.localhost`) or by path. Nobody but
//! the bucket's account may use it: there are no bucket policies.

mod address;
mod objects;

pub(crate) use self::address::Wanted;
pub(crate) use self::objects::act;

use super::wire::refusal::Refusal;

/// What an action answers.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// The refusal of what S3 knows and the sandbox does not.
fn not_implemented(what: &str) -> Refusal {
    let message = "A header or query you provided implies functionality that is not implemented";
    Refusal::new("NotImplemented", message).with("Resource", what).unknown()
}
