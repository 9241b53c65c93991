//! Signature version 4 (IAM user guide, "AWS Signature Version 4 for API requests"), as the service checks
//! it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::keys::secret_of;
use crate::sandbox::wire::message::Request;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What S3 takes in place of the hash of a body.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// The `Authorization` header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) key: String,
    date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    signed: Vec<String>,
    signature: String,
}

/// Why an `Authorization` header cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    Missing,
    Incomplete(String),
}

impl Authorization {
    /// Reads the header of a request.
    pub(crate) fn read(request: &Request) -> Result<Self, Unusable> {
        let header = request.header("authorization").ok_or(Unusable::Missing)?;
        let incomplete = |what: &str| {
            Unusable::Incomplete(format!(
                "Authorization header requires {what}. Authorization={header}"
            ))
        };
        let (algorithm, rest) = header.split_once(' ').unwrap_or((header, ""));
        if algorithm != ALGORITHM {
            return Err(incomplete("the algorithm 'AWS4-HMAC-SHA256'"));
        }
        let part = |name: &str| {
            let parts = rest.split(',').filter_map(|part| part.trim().split_once('='));
            parts.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        let credential = part("Credential").ok_or_else(|| incomplete("'Credential' parameter"))?;
        let signature = part("Signature").ok_or_else(|| incomplete("'Signature' parameter"))?;
        let signed =
            part("SignedHeaders").ok_or_else(|| incomplete("'SignedHeaders' parameter"))?;
        let scope: Vec<_> = credential.split('/').collect();
        let [key, date, region, service, "aws4_request"] = scope[..] else {
            return Err(incomplete(
                "a 'Credential' with a date, a region, a service and 'aws4_request'",
            ));
        };
        Ok(Self {
            key: key.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed: signed.split(';').map(str::to_ascii_lowercase).collect(),
            signature,
        })
    }

    /// True if the signature is the one its key makes for this request.
    pub(crate) fn verifies(&self, request: &Request) -> bool {
        let Some(stamp) = request.header("x-amz-date") else {
            return false;
        };
        if !stamp.starts_with(&self.date) || !self.signed.iter().any(|name| name == "host") {
            return false;
        }
        let Self { date, region, service, .. } = self;
        let canonical = hex::encode(Sha256::digest(self.canonical(request)));
        let text =
            format!("{ALGORITHM}\n{stamp}\n{date}/{region}/{service}/aws4_request\n{canonical}");
        let secret = format!("AWS4{}", secret_of(&self.key));
        let key = [date, region, service, "aws4_request"]
            .iter()
            .fold(secret.into_bytes(), |key, part| sign(&key, part.as_bytes()));
        let wanted = hex::encode(sign(&key, text.as_bytes()));
        wanted == self.signature
    }

    fn canonical(&self, request: &Request) -> String {
        let mut query: Vec<_> = request
            .query()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                format!("{}={}", encode(key), encode(value))
            })
            .collect();
        query.sort();
        let headers: Vec<String> = self
            .signed
            .iter()
            .map(|name| {
                let values = request.headers.iter().filter(|(key, _)| key == name);
                let values: Vec<_> = values.map(|(_, value)| squeeze(value)).collect();
                format!("{name}:{}\n", values.join(","))
            })
            .collect();
        let payload = match request.header("x-amz-content-sha256") {
            Some(UNSIGNED) if self.service == "s3" => UNSIGNED.to_owned(),
            _ => hex::encode(Sha256::digest(&request.body)),
        };
        let path = if request.path().is_empty() { "/" } else { request.path() };
        let (method, query, signed) = (&request.method, query.join("&"), self.signed.join(";"));
        let headers = headers.concat();
        format!("{method}\n{path}\n{query}\n{headers}\n{signed}\n{payload}")
    }
}

fn sign(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of any length is a good key, so this never fails.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn squeeze(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn encode(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    let decoded: Vec<u8> = percent_decode_str(text).collect();
    percent_encoding::percent_encode(&decoded, KEPT).to_string()
}

/// `text` as it stands in an encoded authorization message.
pub(crate) fn encoded_message(text: &str) -> String {
    utf8_percent_encode(&hex::encode(Sha256::digest(text)), NON_ALPHANUMERIC).to_string()
}
