//! What a generated organization should have: an accounts.toml for it.

/// The accounts.toml of a generated organization, in which half of the accounts are in `/Workloads/Staging`,
/// half in `/Workloads/Production`, and each VPC is tagged `purpose=workload`. Names are quoted, so that
/// nothing in them can be read as anything else.
pub fn accounts_toml(regions: &[String], endpoints: &[String]) -> String {
    let quoted: Vec<_> = regions.iter().map(|region| format!("{region:?}")).collect();
    let tables: Vec<_> =
        endpoints.iter().map(|endpoint| format!("[endpoints.{endpoint:?}]\n")).collect();
    format!(
        "deployment = \"rehearsal\"\n\
         [organization]\n\
         regions = [{}]\n\
         [accounts]\n\
         include = [\"ou:/Workloads/**\"]\n\
         [network]\n\
         vpcs = {{ tags = {{ purpose = \"workload\" }} }}\n\
         {}",
        quoted.join(", "),
        tables.concat(),
    )
}
