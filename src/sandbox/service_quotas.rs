//! Service Quotas (API 2019-06-24): the quotas of VPCs and their endpoints, applied and by default.

use serde_json::{Value, json};

use super::wire::fields::Fields;
use super::wire::refusal::Refusal;
use super::world::quota::Quotas;

/// The quotas that are known here: code, name, and where an account keeps its own value.
type Known = (&'static str, &'static str, fn(&Quotas) -> usize);

const KNOWN: [Known; 5] = [
    ("L-29B6F2EB", "Interface VPC endpoints per VPC", |all| all.interface_endpoints_per_vpc),
    ("L-1B52E74A", "Gateway VPC endpoints per Region", |all| all.gateway_endpoints_per_region),
    ("L-E79EC296", "VPC security groups per Region", |all| all.security_groups_per_region),
    ("L-0EA8095F", "Inbound or outbound rules per security group", |all| {
        all.rules_per_security_group
    }),
    ("L-2AFB9258", "Security groups per network interface", |all| {
        all.security_groups_per_interface
    }),
];

/// Whether the sandbox knows this action.
pub(crate) fn knows(action: &str) -> bool {
    matches!(action, "GetServiceQuota" | "GetAWSDefaultServiceQuota")
}

/// Carries out one of the two actions, for an account in a region.
pub(crate) fn act(
    action: &str,
    quotas: &Quotas,
    (region, account): (&str, &str),
    fields: &Fields,
) -> Result<Value, Refusal> {
    let (service, code) = (fields.need("ServiceCode")?, fields.need("QuotaCode")?);
    fields.finish()?;
    let found = KNOWN.iter().find(|(known, ..)| *known == code).filter(|_| service == "vpc");
    let Some((code, name, of)) = found else {
        let message = "The request failed because the specified service or quota does not exist.";
        // AWS has quotas of which nothing is known here.
        return Err(Refusal::new("NoSuchResourceException", message));
    };
    let default = of(&Quotas::default());
    let value = if action == "GetServiceQuota" { of(quotas) } else { default };
    let owner = if action == "GetServiceQuota" { account } else { "" };
    Ok(json!({ "Quota": {
        "ServiceCode": "vpc",
        "ServiceName": "Amazon Virtual Private Cloud (Amazon VPC)",
        "QuotaArn": format!("arn:aws:servicequotas:{region}:{owner}:vpc/{code}"),
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": true,
        "GlobalQuota": false,
    } }))
}
