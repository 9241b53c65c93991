//! Private hosted zones that are associated with a VPC.

use serde::{Deserialize, Serialize};

/// A private hosted zone of Route 53.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HostedZone {
    /// `Z...`
    pub id: String,
    /// Its domain without the dot at its end, in lower case.
    pub name: String,
    /// The account that owns it, where an account does.
    pub account: Option<String>,
    /// The service that owns it (`vpce.amazonaws.com` for those of endpoints), where a service does.
    pub service: Option<String>,
}
