//! S3 buckets and what is in them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// A bucket.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bucket {
    /// Whose it is. There are no bucket policies: nobody else may use it.
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) objects: BTreeMap<String, Object>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    #[serde(serialize_with = "as_base64", deserialize_with = "from_base64")]
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: String,
    /// In milliseconds of wall time.
    pub(crate) modified: i64,
}

impl Object {
    /// The entity tag, with its quotes. S3 promises nothing about it but that equal tags are equal bodies.
    pub(crate) fn etag(&self) -> String {
        format!("\"{}\"", hex::encode(&Sha256::digest(&self.body)[..16]))
    }
}

fn as_base64<S: Serializer>(body: &[u8], out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&STANDARD.encode(body))
}

fn from_base64<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(input)?).map_err(de::Error::custom)
}
