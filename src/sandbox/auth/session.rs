//! Sessions of roles. A session token says itself what it is for, sealed, so that sessions take no memory
//! and outlive the process.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::keys::SESSION;
use crate::sandbox::dice::Dice;

/// A role session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Its number among the sessions of the world.
    pub(crate) serial: u64,
    pub(crate) key: String,
    pub(crate) account: String,
    pub(crate) role: String,
    pub(crate) name: String,
    /// Issued and expiring, in milliseconds of wall time.
    pub(crate) issued: i64,
    pub(crate) expires: i64,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) transitive: Vec<String>,
    pub(crate) source_identity: Option<String>,
    /// The actions its session policy allows, where it has one.
    #[serde(default)]
    pub(crate) only: Option<Vec<String>>,
}

impl Session {
    /// A key for the `serial`-th session of a world.
    pub(crate) fn new_key(seed: u64, serial: u64) -> String {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let suffix = Dice::new(seed, &["session", &serial.to_string()]).text(letters, 9);
        format!("{SESSION}{suffix}")
    }

    /// The session token.
    pub(crate) fn token(&self) -> String {
        let claims = serde_json::to_vec(self).unwrap_or_default();
        let body = URL_SAFE_NO_PAD.encode(claims);
        format!("SANDBOX.{body}.{}", seal(&body))
    }

    /// The session a token is of, if the token is one of ours.
    pub(crate) fn open(token: &str) -> Option<Self> {
        let (body, check) = token.strip_prefix("SANDBOX.")?.split_once('.')?;
        if seal(body) != check {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }
}

fn seal(body: &str) -> String {
    let digest = Sha256::digest(format!("linkwalk sandbox session {body}"));
    hex::encode(&digest[..16])
}
