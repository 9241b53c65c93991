//! From an HTTP request to the action it asks for, and the bucket and key it is about.

use percent_encoding::percent_decode_str;

use super::not_implemented;
use crate::sandbox::wire::message::Request;
use crate::sandbox::wire::refusal::Refusal;

/// Headers that clients send and that change nothing here.
const IDLE: [&str; 8] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-mode",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-te",
    "x-amz-user-agent",
];

/// What a request asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) action: &'static str,
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// How the keys begin that are to be listed.
    pub(crate) prefix: String,
    pub(crate) if_match: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) expected_owner: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Wanted {
    /// Reads a request.
    pub(crate) fn read(request: &Request) -> Result<Self, Refusal> {
        let (bucket, path) = locate(request);
        let decode = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8();
            decoded.map(std::borrow::Cow::into_owned)
        };
        let bad = |_| Refusal::new("InvalidURI", "Couldn't parse the specified URI.");
        let key = decode(&path).map_err(bad)?;
        let prefix = parameters(request).find_map(|pair| pair.strip_prefix("prefix="));
        let lists = parameters(request).any(|pair| pair == "list-type=2") && key.is_empty();
        let action = match request.method.as_str() {
            "GET" if lists => "ListObjectsV2",
            "GET" => "GetObject",
            "HEAD" => "HeadObject",
            "PUT" => "PutObject",
            "DELETE" => "DeleteObject",
            other => return Err(not_implemented(other)),
        };
        if (key.is_empty() && !lists) || bucket.is_empty() {
            return Err(not_implemented("a request that is not about an object"));
        }
        if key.len() > 1024 {
            return Err(Refusal::new("KeyTooLongError", "Your key is too long"));
        }
        known(request, lists)?;
        let header = |name: &str| request.header(name).map(str::to_owned);
        Ok(Self {
            action,
            bucket,
            key,
            prefix: decode(prefix.unwrap_or_default()).map_err(bad)?,
            if_match: header("if-match"),
            if_none_match: header("if-none-match"),
            expected_owner: header("x-amz-expected-bucket-owner"),
            content_type: header("content-type"),
            body: request.body.clone(),
        })
    }
}

/// The bucket, and the key as it stands in the path.
fn locate(request: &Request) -> (String, String) {
    let host = request.header("host").unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let path = request.path().trim_start_matches('/');
    let hosted = host.strip_suffix(".localhost").or_else(|| {
        let aws = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
        let end = host.rfind(".s3.").or_else(|| host.rfind(".s3-")).filter(|_| aws)?;
        host.get(..end)
    });
    let (bucket, key) =
        hosted.map(|bucket| (bucket, path)).or_else(|| path.split_once('/')).unwrap_or((path, ""));
    (bucket.to_owned(), key.to_owned())
}

fn parameters(request: &Request) -> impl Iterator<Item = &str> {
    request.query().split('&').filter(|pair| !pair.is_empty())
}

/// Refuses what would be ignored.
fn known(request: &Request, lists: bool) -> Result<(), Refusal> {
    let is_known = |pair: &&str| {
        let of_lists = *pair == "list-type=2" || pair.starts_with("prefix=");
        pair.starts_with("x-id=") || (lists && of_lists)
    };
    if let Some(other) = parameters(request).find(|pair| !is_known(pair)) {
        return Err(not_implemented(other));
    }
    let other = request.headers.iter().map(|(name, _)| name.as_str()).find(|name| {
        let own = name.starts_with("x-amz-") || *name == "range";
        own && !IDLE.contains(name) && *name != "x-amz-expected-bucket-owner"
    });
    if let Some(other) = other {
        return Err(not_implemented(other));
    }
    match request.header("content-encoding") {
        Some(coding) if coding.contains("aws-chunked") => Err(not_implemented(coding)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::locate;
    use crate::sandbox::wire::message::Request;

    #[test]
    fn a_bucket_is_in_the_host_name_or_in_the_path() {
        for (host, target, bucket, key) in [
            ("state.s3.eu-west-1.amazonaws.com", "/a/b", "state", "a/b"),
            ("my.state.s3.amazonaws.com", "/a", "my.state", "a"),
            ("state.s3.dualstack.eu-west-1.amazonaws.com", "/a", "state", "a"),
            ("s3.eu-west-1.amazonaws.com", "/state/a/b?x-id=GetObject", "state", "a/b"),
            ("127.0.0.1:4566", "/state/a", "state", "a"),
            ("state.localhost:4566", "/a", "state", "a"),
            ("localhost:4566", "/state", "state", ""),
        ] {
            let headers = vec![("host".to_owned(), host.to_owned())];
            let request = Request { target: target.to_owned(), headers, ..Request::default() };
            assert_eq!(locate(&request), (bucket.to_owned(), key.to_owned()), "{host}{target}");
        }
    }
}
