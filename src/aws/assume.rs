//! One assumed role, as a credentials provider. The SDK's own provider cannot send a source identity.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_sts::Client;
use aws_sdk_sts::types::Tag;

/// What the step is called in failures.
pub(super) const ROLE_STEP: &str = "AssumeRole";

/// A role to assume, with everything that is sent along.
#[derive(Debug, Clone)]
pub(super) struct AssumedRole {
    /// Signs as the role before this one, or as the caller.
    pub(super) sts: Client,
    pub(super) role_arn: String,
    pub(super) session_name: String,
    pub(super) external_id: Option<String>,
    pub(super) source_identity: Option<String>,
    pub(super) tags: Vec<Tag>,
    /// What of the role's permissions the session has, JSON; `None`: all of them.
    pub(super) policy: Option<String>,
}

impl AssumedRole {
    async fn assume(&self) -> provider::Result {
        let answer = self
            .sts
            .assume_role()
            .role_arn(&self.role_arn)
            .role_session_name(&self.session_name)
            .set_external_id(self.external_id.clone())
            .set_source_identity(self.source_identity.clone())
            .set_tags((!self.tags.is_empty()).then(|| self.tags.clone()))
            .set_policy(self.policy.clone())
            // No duration: the default of one hour is also all that a chained role may have.
            .send()
            .await
            .map_err(CredentialsError::provider_error)?;
        let keys = answer
            .credentials
            .ok_or_else(|| CredentialsError::unhandled("AssumeRole answered no credentials"))?;
        let expires = std::time::SystemTime::try_from(keys.expiration)
            .map_err(CredentialsError::unhandled)?;
        Ok(Credentials::new(
            keys.access_key_id,
            keys.secret_access_key,
            Some(keys.session_token),
            Some(expires),
            ROLE_STEP,
        ))
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}
