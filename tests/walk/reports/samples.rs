//! Audits to render: a rich one that has everything, one in which nothing differs, one of nothing, and
//! large ones.

use linkwalk::audit::{
    Audit, Audited, Coverage, CoverageState, FORMAT, Finding, FindingKind, Ignored, Severity,
    SharedRoot, Since, Standing,
};
use linkwalk::ids::{AccountId, Region, TargetId, VpcId};
use linkwalk::model::failure::{ErrorClass, Failure};
use linkwalk::plan::action::Drift;
use serde_json::{Value, json};

/// A name that means harm to every format at once.
pub(crate) const HOSTILE: &str = "=1+1|</td></script><script>window.hostile=1</script>\
     <img src=x onerror=\"window.hostile=1\">'\"`[a](javascript:alert)\u{1b}[2J\u{202e}]]>&amp;@team\n{{x}}";

/// Services of the samples, and whether they are gateways.
const SERVICES: [(&str, &str); 8] = [
    ("ecr.api", "interface"),
    ("ecr.dkr", "interface"),
    ("s3", "gateway"),
    ("logs", "interface"),
    ("ssm", "interface"),
    ("ssmmessages", "interface"),
    ("kms", "interface"),
    ("sts", "interface"),
];

fn account(number: usize) -> AccountId {
    (111_122_220_000 + number).to_string().parse().unwrap()
}

fn region() -> Region {
    Region::from("eu-west-1")
}

fn vpc(number: usize) -> VpcId {
    VpcId::new(format!("vpc-0{number:04x}a1b2c3d4e5f6"))
}

/// An audit of nothing.
pub(crate) fn empty() -> Audit {
    Audit {
        format: FORMAT.to_owned(),
        kind: "audit".to_owned(),
        version: "0.1.0".to_owned(),
        deployment: "privatelink".to_owned(),
        config: "accounts.toml".to_owned(),
        created_at: "2026-11-23T06:00:00.392104975Z".to_owned(),
        sandbox: false,
        regions: vec![region()],
        shared_root: vec![
            SharedRoot {
                account: account(9000),
                name: "acme-management".to_owned(),
                management: true,
            },
            SharedRoot {
                account: account(9001),
                name: "shared-services".to_owned(),
                management: false,
            },
        ],
        targets: Vec::new(),
        findings: Vec::new(),
        ignored: Vec::new(),
        since: None,
        shard: None,
    }
}

fn cells(number: usize, vpc_name: &str) -> Vec<Coverage> {
    let cell = |(at, (service, kind)): (usize, &(&str, &str))| Coverage {
        vpc: Some(vpc(number)),
        vpc_name: Some(vpc_name.to_owned()),
        service: (*service).to_owned(),
        endpoint_type: (*kind).to_owned(),
        state: CoverageState::InSync,
        endpoint: Some(format!("vpce-0{number:04x}{at:x}b2c3d4e5f6a7")),
        zones: match *kind {
            "gateway" => Vec::new(),
            _ => ["euw1-az1", "euw1-az2", "euw1-az3"].map(str::to_owned).to_vec(),
        },
    };
    SERVICES.iter().enumerate().map(cell).collect()
}

fn healthy(number: usize, name: &str, ou: &str) -> Audited {
    Audited {
        target: TargetId { account: account(number), region: region() },
        name: name.to_owned(),
        ou: ou.to_owned(),
        standing: Standing::InSync,
        failure: None,
        coverage: cells(number, "workload"),
    }
}

/// `accounts` accounts in which nothing differs.
pub(crate) fn clean(accounts: usize) -> Audit {
    let mut audit = empty();
    let ous =
        ["/Sandbox", "/Workloads/Staging", "/Workloads/Production", "/Workloads/Data", "/Platform"];
    audit.targets = (0..accounts)
        .map(|n| {
            let ou = ous[n % ous.len()];
            let team = ["payments", "search", "catalog", "identity", "ledger", "media"][n / 5 % 6];
            healthy(
                n,
                &format!("{team}-{}-{n:03}", ou.rsplit('/').next().unwrap().to_lowercase()),
                ou,
            )
        })
        .collect();
    audit
}

struct Found<'a> {
    kind: FindingKind,
    severity: Severity,
    what: &'a str,
    title: &'a str,
    drift: Vec<Drift>,
}

fn drift(field: &str, was: Value, should_be: Value) -> Drift {
    Drift { field: field.to_owned(), was, should_be }
}

fn finding(audited: &Audited, found: Found) -> Finding {
    let account = &audited.target.account;
    let number = audited.target.account.as_str().parse::<usize>().unwrap() - 111_122_220_000;
    let kind = found.kind.code();
    let digest: u64 = format!("{account}{kind}{}", found.what)
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    Finding {
        id: format!("{digest:016x}"),
        kind: found.kind,
        severity: found.severity,
        account: account.clone(),
        account_name: audited.name.clone(),
        region: Some(audited.target.region.clone()),
        vpc: Some(vpc(number)),
        what: found.what.to_owned(),
        resource: audited
            .coverage
            .iter()
            .find(|cell| cell.service == found.what)
            .and_then(|cell| cell.endpoint.clone()),
        title: found.title.to_owned(),
        reason: format!(
            "{} Workloads there reach {} another way, or not at all.",
            found.kind.meaning(),
            found.what
        ),
        drift: found.drift,
        repair: "Let linkwalk set it as accounts.toml says.".to_owned(),
        command: Some(format!("linkwalk apply --accounts {account} --only {kind}")),
        asked_by: Some(format!("endpoints.{}", found.what)),
        line: Some(14),
    }
}

/// Everything that an audit can say, in 18 accounts.
#[expect(clippy::too_many_lines, reason = "a sample of everything is long and simple")]
pub(crate) fn rich() -> Audit {
    let mut audit = clean(16);
    let at = |audit: &mut Audit, n: usize, service: &str, state, found: Found| {
        let target = &mut audit.targets[n];
        target.standing = Standing::Drifted;
        for cell in target.coverage.iter_mut().filter(|cell| cell.service == service) {
            cell.state = state;
            if matches!(state, CoverageState::Missing | CoverageState::Blocked) {
                cell.endpoint = None;
                cell.zones.clear();
            }
        }
        let found = finding(&audit.targets[n], found);
        audit.findings.push(found);
    };
    audit.targets[3].name = HOSTILE.into();
    audit.targets[3].ou = "/Workloads/<i>Production</i>".into();
    let mut second = cells(1, "analytics");
    for cell in &mut second {
        cell.vpc = Some(vpc(500));
        cell.state = CoverageState::Pending;
    }
    audit.targets[1].coverage.extend(second);

    at(
        &mut audit,
        1,
        "logs",
        CoverageState::Drifted,
        Found {
            kind: FindingKind::PrivateDns,
            severity: Severity::High,
            what: "logs",
            title: "private DNS of logs is off",
            drift: vec![drift("private_dns", json!(false), json!(true))],
        },
    );
    for n in [2, 7] {
        at(
            &mut audit,
            n,
            "ecr.dkr",
            CoverageState::Missing,
            Found {
                kind: FindingKind::EndpointMissing,
                severity: Severity::High,
                what: "ecr.dkr",
                title: "ecr.dkr has no endpoint",
                drift: Vec::new(),
            },
        );
    }
    at(
        &mut audit,
        3,
        "kms",
        CoverageState::Drifted,
        Found {
            kind: FindingKind::Policy,
            severity: Severity::High,
            what: "kms",
            title: "the policy of kms lets everyone in",
            drift: vec![drift(
                "policy",
                json!({ "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }] }),
                json!({ "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o-exampleorgid" } } }] }),
            )],
        },
    );
    at(
        &mut audit,
        4,
        "ssm",
        CoverageState::Drifted,
        Found {
            kind: FindingKind::SubnetMissing,
            severity: Severity::Medium,
            what: "ssm",
            title: "ssm is not in zone euw1-az3",
            drift: vec![drift(
                "subnets",
                json!(["subnet-0aaaa1111", "subnet-0bbbb2222"]),
                json!(["subnet-0aaaa1111", "subnet-0bbbb2222", "subnet-0cccc3333"]),
            )],
        },
    );
    at(
        &mut audit,
        6,
        "linkwalk-endpoints",
        CoverageState::Drifted,
        Found {
            kind: FindingKind::OpenToTheWorld,
            severity: Severity::High,
            what: "linkwalk-endpoints",
            title: "linkwalk-endpoints lets 0.0.0.0/0 in",
            drift: vec![drift(
                "ingress",
                json!(["443 from 10.0.0.0/16", "443 from 0.0.0.0/0"]),
                json!(["443 from 10.0.0.0/16"]),
            )],
        },
    );
    at(
        &mut audit,
        8,
        "sts",
        CoverageState::Foreign,
        Found {
            kind: FindingKind::Foreign,
            severity: Severity::Medium,
            what: "sts",
            title: "sts is served by an endpoint that is not ours",
            drift: vec![drift("tags.linkwalk:deployment", Value::Null, json!("privatelink"))],
        },
    );
    at(
        &mut audit,
        9,
        "s3",
        CoverageState::Orphaned,
        Found {
            kind: FindingKind::Orphan,
            severity: Severity::Low,
            what: "s3",
            title: "s3 is ours and no longer wanted",
            drift: Vec::new(),
        },
    );
    at(
        &mut audit,
        11,
        "kms",
        CoverageState::Blocked,
        Found {
            kind: FindingKind::Blocked,
            severity: Severity::High,
            what: "kms",
            title: "kms cannot be made: 50 interface endpoints in the VPC already",
            drift: Vec::new(),
        },
    );
    at(
        &mut audit,
        12,
        "sts",
        CoverageState::Drifted,
        Found {
            kind: FindingKind::Tags,
            severity: Severity::Low,
            what: "sts",
            title: "tags of sts differ",
            drift: vec![
                drift("tags.CostCenter", json!("unknown"), json!("platform")),
                drift("tags.Name", Value::Null, json!("linkwalk-sts")),
            ],
        },
    );
    not_looked_at(&mut audit);
    audit.findings.sort_by_key(|finding| finding.severity);
    compared(&mut audit);
    audit
}

fn not_looked_at(audit: &mut Audit) {
    let target = &mut audit.targets[13];
    target.standing = Standing::Unreachable;
    target.coverage.clear();
    let mut failure = Failure::local(
        "AssumeRole",
        ErrorClass::Denied,
        "User: arn:aws:iam::111122229000:user/audit is not authorized to perform: sts:AssumeRole",
    );
    failure.code = Some("AccessDenied".to_owned());
    failure.request_id = Some("6e0f2b52-1a1c-4d0a-9c53-0f2f2d3c4b5a".to_owned());
    target.failure = Some(failure);
    let mut found = finding(
        target,
        Found {
            kind: FindingKind::Unreachable,
            severity: Severity::High,
            what: "account",
            title: "the account could not be looked at",
            drift: Vec::new(),
        },
    );
    (found.vpc, found.command, found.asked_by, found.line) = (None, None, None, None);
    found.repair = "Let the caller assume the member role.".into();
    audit.findings.push(found);

    let target = &mut audit.targets[14];
    target.standing = Standing::NotStarted;
    target.coverage.clear();

    let root = Audited {
        name: "shared-services".to_owned(),
        ..healthy(9001, "shared-services", "/Platform")
    };
    audit.findings.push(finding(
        &root,
        Found {
            kind: FindingKind::SharedRoot,
            severity: Severity::Medium,
            what: "ecr.api",
            title: "the shared root has an endpoint for ecr.api",
            drift: Vec::new(),
        },
    ));
    let mut expired = finding(
        &audit.targets[0],
        Found {
            kind: FindingKind::IgnoreExpired,
            severity: Severity::Info,
            what: "ignore 2",
            title: "the ignore rule of line 40 ended on 2026-10-31",
            drift: Vec::new(),
        },
    );
    (expired.region, expired.vpc, expired.command) = (None, None, None);
    audit.findings.push(expired);
}

fn compared(audit: &mut Audit) {
    let ignored = finding(
        &audit.targets[5],
        Found {
            kind: FindingKind::Foreign,
            severity: Severity::Medium,
            what: "logs",
            title: "logs is served by an endpoint that is not ours",
            drift: Vec::new(),
        },
    );
    audit.ignored.push(Ignored {
        finding: ignored,
        because: "the data team moves in January".to_owned(),
        until: "2027-01-31".to_owned(),
    });
    let gone = |n: usize, title: &'static str| {
        finding(
            &audit.targets[n],
            Found {
                kind: FindingKind::RouteTableMissing,
                severity: Severity::High,
                what: "s3",
                title,
                drift: Vec::new(),
            },
        )
    };
    let ids: Vec<String> = audit.findings.iter().map(|finding| finding.id.clone()).collect();
    audit.since = Some(Since {
        created_at: "2026-11-22T06:00:00Z".to_owned(),
        new: ids[..3].to_vec(),
        fixed: vec![gone(10, "rtb-0aa11 does not lead to s3")],
        remaining: ids[3..].to_vec(),
        unknown: vec![gone(13, "rtb-0bb22 does not lead to s3")],
    });
}

/// Many accounts, four of ten with a finding.
pub(crate) fn large(accounts: usize) -> Audit {
    let mut audit = clean(accounts);
    for n in 0..accounts {
        let (service, _) = SERVICES[n * 7 % SERVICES.len()];
        let (kind, severity, state, title) = match n % 10 {
            0 => (
                FindingKind::EndpointMissing,
                Severity::High,
                CoverageState::Missing,
                "has no endpoint",
            ),
            3 => (
                FindingKind::PrivateDns,
                Severity::High,
                CoverageState::Drifted,
                "has private DNS off",
            ),
            5 => (
                FindingKind::SubnetMissing,
                Severity::Medium,
                CoverageState::Drifted,
                "is not in zone euw1-az3",
            ),
            8 => (FindingKind::Tags, Severity::Low, CoverageState::Drifted, "has other tags"),
            _ => continue,
        };
        let target = &mut audit.targets[n];
        target.standing = Standing::Drifted;
        for cell in target.coverage.iter_mut().filter(|cell| cell.service == service) {
            cell.state = state;
        }
        let drift = vec![drift("attribute", json!("before"), json!("after"))];
        let title = format!("{service} {title}");
        let found = Found { kind, severity, what: service, title: &title, drift };
        let found = finding(target, found);
        audit.findings.push(found);
    }
    audit.findings.sort_by_key(|finding| finding.severity);
    audit
}

/// One account with more findings than fit into anything.
pub(crate) fn crowded(findings: usize) -> Audit {
    let mut audit = clean(1);
    audit.targets[0].standing = Standing::Drifted;
    for n in 0..findings {
        let what = format!("service-{n}");
        let title = format!("{what} has no endpoint");
        let (kind, severity) = (FindingKind::EndpointMissing, Severity::High);
        let found = Found { kind, severity, what: &what, title: &title, drift: Vec::new() };
        let found = finding(&audit.targets[0], found);
        audit.findings.push(found);
    }
    audit
}
