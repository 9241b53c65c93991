//! Service Quotas of one account in one region.

use aws_sdk_servicequotas::Client;

use super::{Sessions, error};
use crate::ids::TargetId;
use crate::model::failure::Failure;
use crate::model::quota::{QuotaKind, QuotaValue};

/// The service that all of these quotas are of.
const SERVICE: &str = "vpc";

/// Service Quotas, asked as the member role.
#[derive(Debug)]
pub struct Quotas(Client);

impl Sessions {
    /// Quotas of one target, asked as the member role.
    pub fn quotas(&self, target: &TargetId) -> Quotas {
        let config = aws_sdk_servicequotas::config::Builder::from(&self.member(&target.account))
            .region(aws_config::Region::new(target.region.as_str().to_owned()))
            .build();
        Quotas(Client::from_conf(config))
    }
}

impl Quotas {
    /// `GetServiceQuota`; the default where the account has no value of its own (`NoSuchResourceException`).
    pub async fn value(&self, kind: QuotaKind) -> Result<QuotaValue, Failure> {
        let request = self.0.get_service_quota().service_code(SERVICE).quota_code(kind.code());
        let failure = match request.send().await {
            Ok(answer) => {
                let value = answer.quota.and_then(|quota| quota.value);
                return Ok(
                    value.map_or_else(|| documented(kind), |v| QuotaValue::Applied(whole(v)))
                );
            }
            Err(error) => error::failure("GetServiceQuota", &error),
        };
        if failure.code.as_deref() != Some("NoSuchResourceException") {
            return Err(failure);
        }
        let request =
            self.0.get_aws_default_service_quota().service_code(SERVICE).quota_code(kind.code());
        // What AWS documents is as good as what it answers here.
        let value = request.send().await.ok().and_then(|answer| answer.quota?.value);
        Ok(value.map_or_else(|| documented(kind), |value| QuotaValue::Default(whole(value))))
    }
}

fn documented(kind: QuotaKind) -> QuotaValue {
    QuotaValue::Default(kind.documented())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count that the service writes as a number: `as` saturates"
)]
fn whole(value: f64) -> u64 {
    value as u64
}
