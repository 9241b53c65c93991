//! `linkwalk doctor`, and what a wrong setup is told by it and by the commands that meet it.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rig::Rig;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
external_id = "right"
session_tags = { team = "network" }
[network]
vpcs = { tags = { purpose = "workload" } }
[endpoints.ecr]
[endpoints.logs]
"#;

/// One account for each thing that can be wrong with one.
const WRONG: &str = r#"
format = 1
[organization]

[[policy]]
id = "p-readnoth"
target = "scp"
deny = ["ec2:Describe*"]

[[policy]]
id = "p-nochange"
target = "scp-change"
deny = ["ec2:CreateVpcEndpoint"]

[[account]]
name = "right"
id = "222200000001"
roles = [{ name = "OrganizationAccountAccessRole", external_id = "right" }]
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "no-role"
id = "222200000002"
roles = []
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "wrong-trust"
id = "222200000003"
roles = [{ name = "OrganizationAccountAccessRole", trusts = ["999999999999"] }]
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "wrong-external-id"
id = "222200000004"
roles = [{ name = "OrganizationAccountAccessRole", external_id = "other" }]
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "no-session-tags"
id = "222200000005"
roles = [{ name = "OrganizationAccountAccessRole", tag_session = false }]
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "scp"
id = "222200000006"
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "scp-change"
id = "222200000007"
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "iam"
id = "222200000008"
roles = [{ name = "OrganizationAccountAccessRole", denies = ["ec2:DescribeSubnets"] }]
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "iam-change"
id = "222200000009"
roles = [{ name = "OrganizationAccountAccessRole", allows = ["ec2:Describe*", "ec2:CreateSecurityGroup"] }]
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "boundary"
id = "222200000010"
roles = [{ name = "OrganizationAccountAccessRole", boundary = ["ec2:Describe*", "ec2:*SecurityGroup*"] }]
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "region-off"
id = "222200000011"
regions_off = ["eu-west-1"]

[[account]]
name = "no-vpc"
id = "222200000012"
vpc = [{ tags = { purpose = "other" } }]

[[account]]
name = "no-private-subnet"
id = "222200000013"
vpc = [{ private = false, tags = { purpose = "workload" } }]

[[account]]
name = "dns-off"
id = "222200000014"
vpc = [{ dns_hostnames = false, tags = { purpose = "workload" } }]

[[account]]
name = "quota"
id = "222200000015"
quotas = { interface_endpoints_per_vpc = 2 }
vpc = [{ tags = { purpose = "workload" } }]

[[account]]
name = "hosted-zone"
id = "222200000016"
vpc = [{ tags = { purpose = "workload" }, hosted_zones = ["logs.eu-west-1.amazonaws.com", "amazonaws.com"] }]

[[account]]
name = "full"
id = "222200000017"
vpc = [{ free_addresses = 6, tags = { purpose = "workload" } }]

[[account]]
name = "suspended"
id = "222200000018"
state = "SUSPENDED"
"#;

/// A folder with a world and what is wanted in it.
struct Setup(TempDir);

/// How the program ended.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Setup {
    fn new(world: &str, accounts: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("world.toml"), world).unwrap();
        fs::write(folder.path().join("accounts.toml"), accounts).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program with nothing of the surroundings.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linkwalk"));
        command
            .current_dir(self.path())
            .args(arguments)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path())
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(&[&["--sandbox=world.toml", "--quiet"], arguments].concat()))
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Ended {
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why}\n{}", self.stdout))
    }
}

/// Both streams without what differs from run to run.
macro_rules! golden {
    ($name:literal, $ended:expr) => {{
        let text = format!("{}{}", $ended.stdout, $ended.stderr);
        insta::with_settings!({filters => vec![
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<request>"),
            (r"it is \d+ s", "it is <skew> s"),
            (r"http://127\.0\.0\.1:\d+", "<address>"),
            (r"(/[^ ]*)?/\.tmp[A-Za-z0-9]+", "<home>"),
        ]}, { insta::assert_snapshot!($name, text) });
    }};
}

/// The account's checks that are not as they should be, by `topic cause`.
fn causes(document: &Value, account: &str) -> Vec<String> {
    let targets = document["targets"].as_array().unwrap();
    let is_it = |one: &&Value| one["target"].as_str().unwrap().starts_with(account);
    let target = targets.iter().find(is_it).unwrap_or_else(|| panic!("no {account}"));
    let checks = target["checks"].as_array().unwrap().iter();
    let mut told: Vec<String> = checks
        .filter(|check| check["status"] == "problem" || check["status"] == "warning")
        .map(|check| {
            let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}", text("topic"), text("cause"))
        })
        .collect();
    told.dedup();
    told
}

#[test]
fn each_wrong_setup_is_named_with_its_next_step_by_doctor_and_plan() {
    let setup = Setup::new(WRONG, ACCOUNTS);
    let doctor = setup.run(&["doctor"]).exits(1);
    golden!("doctor_of_every_wrong_setup", doctor);
    let plan = setup.run(&["plan"]).exits(1);
    golden!("plan_of_every_wrong_setup", plan);

    let document = setup.run(&["doctor", "-o", "json"]).exits(1).json();
    assert_eq!(document["kind"], "doctor");
    for (account, expected) in [
        ("222200000001", vec![]),
        ("222200000002", vec!["role role-not-assumed"]),
        ("222200000003", vec!["role role-not-assumed"]),
        ("222200000004", vec!["role role-not-assumed"]),
        ("222200000005", vec!["role session-tags-denied"]),
        ("222200000006", vec!["read-permission denied-by-service-control-policy"]),
        ("222200000007", vec!["permission denied-by-service-control-policy"]),
        ("222200000008", vec!["read-permission denied-by-identity-policy"]),
        (
            "222200000009",
            vec![
                "permission denied-by-identity-policy",
                "delete-permission denied-by-identity-policy",
            ],
        ),
        (
            "222200000010",
            vec![
                "permission denied-by-permissions-boundary",
                "delete-permission denied-by-permissions-boundary",
            ],
        ),
        ("222200000011", vec!["region region-not-enabled"]),
        ("222200000012", vec!["vpc no-vpc-matches"]),
        ("222200000013", vec!["subnets no-route-table-matches", "subnets no-subnet-matches"]),
        ("222200000014", vec!["dns-attributes dns-attributes-off"]),
        ("222200000015", vec!["quota quota-exhausted"]),
        ("222200000016", vec!["hosted-zones hosted-zone-conflict"]),
        ("222200000017", vec!["free-addresses few-addresses"]),
    ] {
        let told = causes(&document, account);
        assert_eq!(told, expected, "{account}");
        for problem in document["causes"].as_array().unwrap() {
            let is_problem = problem["status"] == "problem";
            assert!(
                !is_problem || problem["next"].is_string() || problem["topic"] == "plan",
                "{problem:#}"
            );
        }
    }
    let suspended = setup.run(&["doctor", "--account", "222200000018"]).exits(64);
    assert!(suspended.stderr.contains("SUSPENDED"), "{}", suspended.stderr);
    let accounts = setup.run(&["accounts"]).exits(0);
    assert!(accounts.stdout.contains("SUSPENDED"), "{}", accounts.stdout);
}

#[test]
fn what_only_a_change_meets_is_named_by_apply_as_well() {
    let setup = Setup::new(WRONG, ACCOUNTS);
    for (account, code, says) in [
        ("222200000007", "UnauthorizedOperation", "service control policy p-nochange denies it"),
        ("222200000010", "UnauthorizedOperation", "permissions boundary"),
        ("222200000016", "InvalidParameter", "`linkwalk doctor` names the zone"),
        ("222200000015", "VpcEndpointLimitExceeded", "`linkwalk doctor` says which"),
    ] {
        let apply = setup.run(&["apply", "--yes", "--account", account]).exits(1);
        let words = apply.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(code) && words.contains(says), "{account}: {}", apply.stdout);
    }
}

#[test]
fn one_account_is_shown_in_full_and_nothing_is_changed_by_looking() {
    let setup = Setup::new(WRONG, ACCOUNTS);
    let before = setup.run(&["plan", "-o", "json", "--account", "222200000001"]).json();
    let one = setup.run(&["doctor", "--account", "222200000001"]).exits(0);
    golden!("doctor_of_one_account", one);
    let after = setup.run(&["plan", "-o", "json", "--account", "222200000001"]).json();
    assert_eq!(before["targets"], after["targets"]);
    // Once it is rolled out, nothing is left to wait for.
    setup.run(&["apply", "--yes", "--account", "222200000001"]).exits(0);
    let one = setup.run(&["doctor", "-o", "json", "--account", "222200000001"]).exits(0).json();
    let checks = one["targets"][0]["checks"].as_array().unwrap();
    for check in checks {
        assert_eq!(check["status"], "ok", "{check:#}");
    }
}

#[test]
fn every_line_of_jsonl_is_an_event_and_each_target_is_told_once() {
    let setup = Setup::new(WRONG, ACCOUNTS);
    let lines = setup.run(&["doctor", "-o", "jsonl"]).exits(1).stdout;
    let events: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let examined = events.iter().filter(|event| event["event"] == "examined");
    assert_eq!(examined.count(), 17);
    assert_eq!(events.last().unwrap()["event"], "run-finished");
}

const PLAIN: &str = r#"
format = 1
[organization]
[[account]]
name = "one"
id = "222200000001"
vpc = [{ }]
"#;

const PLAIN_ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.logs]
"#;

#[test]
fn a_clock_that_is_wrong_is_named() {
    let little = Setup::new(
        &PLAIN.replace("format = 1", "format = 1\nclock_skew_seconds = 150"),
        PLAIN_ACCOUNTS,
    );
    let doctor = little.run(&["doctor"]).exits(0);
    assert!(doctor.stdout.contains("wrong by more than a minute"), "{}", doctor.stdout);
    let much = Setup::new(
        &PLAIN.replace("format = 1", "format = 1\nclock_skew_seconds = 1800"),
        PLAIN_ACCOUNTS,
    );
    golden!("doctor_of_a_clock_that_is_wrong", much.run(&["doctor"]).exits(1));
    golden!("plan_of_a_clock_that_is_wrong", much.run(&["plan"]).exits(1));
}

#[test]
fn credentials_that_have_expired_are_named() {
    let fault =
        "[[fault]]\naction = \"GetCallerIdentity\"\ntimes = 0\neffect = \"expire-credentials\"\n";
    let setup = Setup::new(&format!("{PLAIN}\n{fault}"), PLAIN_ACCOUNTS);
    golden!("doctor_of_expired_credentials", setup.run(&["doctor"]).exits(1));
    golden!("accounts_of_expired_credentials", setup.run(&["accounts"]).exits(1));
}

#[test]
fn an_organization_that_may_not_be_read_is_named() {
    let fault = "[[fault]]\naction = \"List*\"\ntimes = 0\neffect = { reject = { code = \"AccessDeniedException\", \
                 message = \"You don't have permissions to access this resource.\" } }\n";
    let setup = Setup::new(&format!("{PLAIN}\n{fault}"), PLAIN_ACCOUNTS);
    golden!("doctor_of_an_organization_that_may_not_be_read", setup.run(&["doctor"]).exits(1));
    golden!("accounts_of_an_organization_that_may_not_be_read", setup.run(&["accounts"]).exits(1));
    // Who is in no organization at all.
    let alone = Setup::new(&PLAIN.replace("[organization]\n", ""), PLAIN_ACCOUNTS);
    golden!("doctor_without_an_organization", alone.run(&["doctor"]).exits(1));
    golden!("accounts_without_an_organization", alone.run(&["accounts"]).exits(1));
}

/// Counts who connects.
fn listener() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, count)
}

#[test]
fn single_sign_on_that_has_ended_or_never_began_is_named_without_the_network() {
    let setup = Setup::new(PLAIN, PLAIN_ACCOUNTS);
    let cache = setup.path().join(".aws/sso/cache");
    fs::create_dir_all(&cache).unwrap();
    let profile = "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n\n\
                   [profile team]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Network\n";
    fs::write(setup.path().join(".aws/config"), profile).unwrap();
    let (address, count) = listener();
    let told = |verb: &str| {
        let mut command = setup.command(&["--quiet", verb]);
        command.env("AWS_PROFILE", "team").env("AWS_ENDPOINT_URL", &address);
        ended(&mut command).exits(1)
    };
    golden!("doctor_without_a_sign_in", told("doctor"));
    golden!("accounts_without_a_sign_in", told("accounts"));
    // The file's name is the SHA-1 of the session's.
    let token = json!({ "accessToken": "ended", "expiresAt": "2020-01-01T00:00:00Z", "region": "eu-west-1",
                        "startUrl": "https://corp.awsapps.com/start" });
    let file = format!("{}.json", sha1_of_corp());
    fs::write(cache.join(file), token.to_string()).unwrap();
    golden!("doctor_of_a_sign_in_that_has_ended", told("doctor"));
    golden!("accounts_of_a_sign_in_that_has_ended", told("accounts"));
    assert_eq!(count.load(Ordering::SeqCst), 0, "nobody was asked");
}

/// By `printf corp | sha1sum`.
fn sha1_of_corp() -> &'static str {
    "ee0bfd2552fbd840c02cc48b6e823320543c450f"
}

#[test]
fn the_emulator_proves_permissions_and_refusals_in_the_same_words() {
    let rig = Rig::of(&["free", "bound"]);
    rig.change_role(
        rig.account("bound"),
        &json!({ "policy": { "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": "ec2:CreateVpcEndpoint", "Resource": "*" }
        ] } }),
    );
    let run = rig.run(&["doctor", "-o", "json"]).exits(1);
    assert_eq!(run.count("CreateVpcEndpoint"), 4, "one of each type in each account, as a dry run");
    assert!(rig.endpoints(rig.account("free")).is_empty());
    let document = run.json();
    assert_eq!(causes(&document, rig.account("free")), Vec::<String>::new(), "{document:#}");
    let bound = causes(&document, rig.account("bound"));
    assert_eq!(bound, ["permission denied"], "{document:#}");
}
