//! A webhook: one POST of JSON over the same HTTPS stack as the calls of AWS, with its certificates and
//! proxies.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::{error, http};
use crate::model::failure::{ErrorClass, Failure};

/// What the step is called in failures.
const STEP: &str = "POST to the webhook";

/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Attempts, the first among them.
const ATTEMPTS: u32 = 3;

/// Before the second attempt; twice as long before the third.
const PAUSE: Duration = Duration::from_secs(1);

/// How much of an answer is read out to people, in characters.
const SHOWN: usize = 200;

/// A place that takes news. Its URL is a secret: it is in no output of this type.
pub struct Webhook {
    url: String,
    connector: SharedHttpConnector,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

impl Webhook {
    /// A webhook at a URL: https, or http on this machine. The error says what is wrong without the URL.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::local(STEP, ErrorClass::Invalid, why);
        let url = url.trim();
        let parsed: ::http::Uri = url.parse().map_err(|_| wrong("it is not a URL"))?;
        let authority =
            parsed.authority().ok_or_else(|| wrong("it is not a whole URL: https://..."))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it holds a user name or password, which would not be sent"));
        }
        match parsed.scheme_str() {
            Some("https") => {}
            Some("http") if is_here(authority.host()) => {}
            _ => {
                return Err(wrong(
                    "it must begin with https://: what it carries is not for everyone",
                ));
            }
        }
        let ca_bundle = std::env::var("AWS_CA_BUNDLE").ok();
        let connector = http::connector(ca_bundle.as_deref())?;
        Ok(Self { url: url.to_owned(), connector })
    }

    /// Whether it is on this machine.
    pub fn is_here(&self) -> bool {
        let parsed = self.url.parse::<::http::Uri>().ok();
        parsed.and_then(|url| url.host().map(is_here)).unwrap_or(false)
    }

    /// Sends a document. What may pass (no connection, no answer in time, 429, 5xx) is tried three times
    /// in all; redirects are not followed.
    pub async fn post(&self, document: &Value) -> Result<(), Failure> {
        let mut attempt = 1;
        loop {
            let failure = match self.post_once(document).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let may_pass = matches!(
                failure.class,
                ErrorClass::Throttled | ErrorClass::Transient | ErrorClass::TimedOut
            );
            if !may_pass || attempt == ATTEMPTS {
                return Err(failure);
            }
            sleep(PAUSE * attempt).await;
            attempt += 1;
        }
    }

    async fn post_once(&self, document: &Value) -> Result<(), Failure> {
        let failed = |class, why: String| Failure::local(STEP, class, self.without_url(&why));
        let mut request = HttpRequest::new(SdkBody::from(document.to_string()));
        let prepared = request.set_method("POST").and_then(|()| request.set_uri(self.url.as_str()));
        prepared.map_err(|error| failed(ErrorClass::Invalid, error.to_string()))?;
        request.headers_mut().insert("content-type", "application/json");
        request.headers_mut().insert("user-agent", concat!("linkwalk/", env!("CARGO_PKG_VERSION")));
        let exchange = async {
            let answer = self.connector.call(request).await.map_err(|error| {
                let text = error::chain(&error);
                failed(ErrorClass::Transient, text)
            })?;
            let status = answer.status().as_u16();
            let body = http_body_util::BodyExt::collect(answer.into_body()).await;
            let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        };
        let (status, body) = timeout(PATIENCE, exchange).await.map_err(|_| {
            failed(ErrorClass::TimedOut, format!("no answer within {} s", PATIENCE.as_secs()))
        })??;
        let class = match status {
            200..=299 => return Ok(()),
            300..=399 => {
                let why = format!(
                    "HTTP status {status}: it leads elsewhere, and redirects are not followed"
                );
                return Err(failed(ErrorClass::Invalid, why));
            }
            429 => ErrorClass::Throttled,
            500.. => ErrorClass::Transient,
            401 | 403 => ErrorClass::Denied,
            404 | 410 => ErrorClass::NotFound,
            _ => ErrorClass::Invalid,
        };
        let words: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
        let words: String = words.chars().take(SHOWN).collect();
        let said = if words.is_empty() { String::new() } else { format!(": {words}") };
        Err(failed(class, format!("HTTP status {status}{said}")))
    }

    /// The text without the URL, should a library or the other side have repeated it.
    fn without_url(&self, text: &str) -> String {
        let path = self.url.splitn(4, '/').nth(3).filter(|path| !path.is_empty());
        let text = text.replace(&self.url, "(its URL)");
        path.map_or(text.clone(), |path| text.replace(path, "(its path)"))
    }
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
