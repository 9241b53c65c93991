//! The one HTTPS client of a run. Every SDK client shares it, and with it one TLS configuration and one
//! pool of connections; without it each of thousands of SDK clients would make its own.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::model::failure::{ErrorClass, Failure};

/// Makes the client: proxies from the environment, the system's certificates, and those of the file
/// that `AWS_CA_BUNDLE` names, as in the AWS CLI.
pub(super) fn client(ca_bundle: Option<&str>) -> Result<SharedHttpClient, Failure> {
    let tls = tls(ca_bundle)?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls.clone())
            .proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    }))
}

/// The same for a single request to somebody else than AWS.
pub(super) fn connector(ca_bundle: Option<&str>) -> Result<SharedHttpConnector, Failure> {
    let connector = ConnectorBuilder::default()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls(ca_bundle)?)
        .proxy_config(ProxyConfig::from_env());
    Ok(SharedHttpConnector::new(connector.build()))
}

fn tls(ca_bundle: Option<&str>) -> Result<TlsContext, Failure> {
    let mut trust = TrustStore::default();
    if let Some(path) = ca_bundle.filter(|path| !path.is_empty()) {
        let pem = std::fs::read(path).map_err(|error| unusable(path, &error.to_string()))?;
        trust.add_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|error| unusable("", &error.to_string()))
}

fn unusable(path: &str, why: &str) -> Failure {
    Failure::local(
        "read AWS_CA_BUNDLE",
        ErrorClass::Invalid,
        format!("cannot use the certificates of `{path}`: {why}"),
    )
}
