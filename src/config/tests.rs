//! Whole files: what is refused and how, what is merged, who is a consumer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::ids::ServiceName;
use crate::model::account::{AccountState, Standing};
use crate::model::spec::EndpointSpec;

const EXAMPLE: &str = include_str!("../../accounts.toml");

fn read_in(source: &str, folder: PathBuf) -> Result<Config, ConfigError> {
    read::config(source, folder)
        .map_err(|problems| ConfigError::new("accounts.toml".into(), source.to_owned(), problems))
}

fn read(source: &str) -> Result<Config, ConfigError> {
    read_in(source, PathBuf::new())
}

/// A file that is right but for what `body` says; `body` begins at line 2.
fn file(body: &str) -> String {
    let mut file = format!("deployment = \"d\"\n{body}\n");
    if !body.contains("organization") {
        file.push_str("[organization]\nregions = [\"eu-west-1\"]\n");
    }
    if !body.contains("endpoints") {
        file.push_str("[endpoints.logs]\n");
    }
    file
}

fn config(body: &str) -> Config {
    read(&file(body)).unwrap_or_else(|error| panic!("{error}"))
}

/// One problem each: what the file says, where the problem is, what is said of it.
#[test]
fn each_mistake_is_one_problem_with_its_place_and_its_cure() {
    let org = |keys: &str| format!("[organization]\nregions = [\"eu-west-1\"]\n{keys}");
    let long = "x".repeat(300);
    let cases = [
        // Keys and types.
        ("colour = 1", "2:1", "unknown key `colour`", "known here: deployment"),
        ("[netwrok]\nsubnets = \"all\"", "2:2", "unknown key `netwrok`", "did you mean `network`?"),
        ("regions = 1", "2:1", "unknown key `regions`", "belongs into [organization]"),
        ("[network]\ntags = {}", "3:1", "unknown key `tags`", "top of the file"),
        ("[network]\nsubnet = \"all\"", "3:1", "in [network]", "did you mean `subnets`?"),
        ("network = 1", "2:11", "`network` must be a table, not an integer", "[network]"),
        ("tags = { a = 1 }", "2:14", "`tags.a` must be a string", "CostCenter"),
        ("[endpoints]\nkms = true", "3:7", "`endpoints.kms` must be a table", "[endpoints.ecr]"),
        ("accounts.include = \"*\"", "2:20", "must be a list of selectors, not a string", "include = ["),
        ("security_group.ingress = [1]", "2:27", "and this item is an integer", "ingress = ["),
        ("rollout.max_in_flight = \"9\"", "2:25", "must be a whole number", "max_in_flight = 200"),
        // Ids and selectors.
        ("accounts.include = [012345678901]", "2:21", "an account id must be in quotes", "leading zeros"),
        ("accounts.include = [112345678901]", "2:21", "an account id must be in quotes", "112345678901"),
        ("accounts.exclude = [12345678901]", "2:21", "an account id must be in quotes", "\"012345678901\""),
        ("accounts.include = [\"12345\"]", "2:21", "has 12 digits, this has 5", "leading zeros"),
        ("accounts.include = [\"uo:/W\"]", "2:21", "`uo:/W` is not a selector", "did you mean `ou:/W`?"),
        ("accounts.include = [\"name:[a\"]", "2:21", "`[a` is not a pattern", "put `\\`"),
        ("accounts.include = [\"management\"]", "2:21", "is never a consumer", "shared_root"),
        ("accounts.include = []", "2:20", "`accounts.include` is an empty list", "remove it"),
        (&org("shared_root = [\"1\"]"), "4:16", "`1` is not an account id", "12 digits in quotes"),
        // The organization.
        ("[organization]\nrole = \"r\"", "2:1", "`organization.regions` is missing", "eu-west-1"),
        ("[organization]\nregion = [\"eu-west-1\"]", "3:1", "unknown key `region`", "`regions`"),
        ("organization.regions = []", "2:24", "is an empty list", "eu-west-1"),
        ("organization.regions = [\"eu-wset-1\"]", "2:25", "is not a region", "did you mean `eu-west-1`?"),
        ("organization.regions = [\"nowhere\"]", "2:25", "is not a region", "named like"),
        ("organization.regions = [\"us-east-1\", \"us-east-1\"]", "2:38", "stands twice", "remove one"),
        ("organization.regions = [\"us-east-1\", \"cn-north-1\"]", "2:24", "two partitions", "one accounts.toml"),
        (&org("role = \"arn:aws:iam::111122223333:role/x\""), "4:8", "not its ARN", "role = \"x\""),
        (&org("role = \"a role\""), "4:8", "is not the name of a role", "1 to 64"),
        (&org("via = [\"role/x\"]"), "4:8", "is not the ARN of a role", "arn:aws:iam::"),
        (&org("via = [\"arn:aws-cn:iam::111122223333:role/x\"]"), "4:8", "another partition", "arn:aws:iam"),
        (&org("external_id = \"x\""), "4:15", "has 1 characters", "2 to 1224"),
        (&org("session_name = \"a b\""), "4:16", "cannot contain ' '", "letters, digits"),
        (&org("source_identity = \"é!\""), "4:19", "cannot contain 'é'", "letters, digits"),
        (&org("session_tags = { a = \"!\" }"), "4:16", "session tag `a`", "spaces"),
        // The network.
        ("network.subnets = \"privat\"", "2:19", "cannot be `privat`", "did you mean \"private\"?"),
        ("network.vpcs = \"vpc-0a1b2c3d\"", "2:16", "takes ids as a list", "[\"vpc-0a1b2c3d\"]"),
        ("network.vpcs = [\"subnet-1\"]", "2:17", "not an id of the form `vpc-...`", "\"vpc-0a"),
        ("network.vpcs = 1", "2:16", "must be a word, a list of ids or a table", "vpcs = \"all\""),
        ("network.vpcs = {}", "2:16", "`network.vpcs.tags` is missing", "tags = {"),
        ("network.vpcs = { tag = {} }", "2:18", "unknown key `tag`", "did you mean `tags`?"),
        ("network.vpcs.tags = {}", "2:21", "names no tag", "\"all\""),
        ("network.vpcs.tags = { a = \"[\" }", "2:27", "`[` is not a pattern", "put `\\`"),
        // The security group.
        ("security_group.name = \"sg-1\"", "2:23", "cannot be the name", "begin with `sg-`"),
        ("security_group.name = \"default\"", "2:23", "cannot be the name", "VPC's own group"),
        ("security_group.name = \"a|b\"", "2:23", "cannot be the name", "'|' is not allowed"),
        ("security_group.ingress = [\"10.0.0.1/8\"]", "2:27", "beyond its prefix", "\"10.0.0.0/8\""),
        ("security_group.ingress = [\"10.0.0.1\"]", "2:27", "not a source", "\"10.0.0.1/32\""),
        ("security_group.ingress = [\"world\"]", "2:27", "not a source", "prefix list"),
        ("security_group.ingress = [\"vpc\", \"vpc\"]", "2:34", "stands twice", "remove one"),
        // Endpoints.
        ("[endpoints.lgos]", "2:12", "`lgos` is not a service", "did you mean `logs`?"),
        ("[endpoints.brand-new-thing]", "2:12", "is not a service", "service = \"com.amazonaws.{region}.brand"),
        ("[endpoints.ecr.api]", "2:16", "unknown key `api`", "[endpoints.\"ecr.api\"]"),
        ("[endpoints.com.amazonaws.x]", "2:16", "unknown key `amazonaws`", "known here"),
        ("[endpoints.x]\nservice = \"ecr\"", "3:11", "`ecr` is not a service", "[endpoints.ecr]"),
        ("[endpoints.\"com.amazonaws.eu-west-1.l gs\"]", "2:12", "not the full name", "letters"),
        ("[endpoints.x]\nservice = \"com.amazonaws.vpce.eu-west-1.x\"", "3:11", "not the full name", "vpce-svc-"),
        ("[endpoints.x]\nservice = \"com.amazonaws.us-east-1.kms\"", "3:11", "is a service of us-east-1", "{region}"),
        ("[endpoints.logs]\ntype = \"gateway\"", "3:8", "`logs` has no gateway endpoints", "interface"),
        ("[endpoints.logs]\ntype = \"intreface\"", "3:8", "not a type of endpoint", "\"interface\"?"),
        ("[endpoints.ecr]\ntype = \"interface\"", "3:8", "`ecr` is a bundle", "ecr.api, ecr.dkr, s3"),
        ("[endpoints.ecr]\npolicy = \"full\"", "3:10", "`ecr` is a bundle", "give each its own"),
        ("[endpoints.ssm]\nroute_tables = \"all\"", "3:16", "an interface endpoint has no", "gateway"),
        ("[endpoints.kms]\nroute_tables = \"all\"", "3:16", "an interface endpoint has no", "gateway"),
        ("[endpoints.s3]\nsubnets = \"all\"", "3:11", "a gateway endpoint has no `subnets`", "interface"),
        ("[endpoints.s3]\nsecurity_groups = [\"managed\"]", "3:19", "a gateway endpoint has no", "interface"),
        ("[endpoints.s3]\nprivate_dns = true", "3:15", "a gateway endpoint has no", "interface"),
        ("[endpoints.d]\nservice = \"dynamodb\"\ntype = \"interface\"\nprivate_dns = true", "5:15", "no private DNS name", "own DNS name"),
        ("[endpoints.dynamodb]\ndns = { record_ip_type = \"ipv4\" }", "3:7", "DynamoDB gateway", "remove"),
        ("[endpoints.kms]\ndns = { private_dns_only_for_inbound_resolver = true }", "3:7", "for S3 interface", "service = \"s3\""),
        ("[endpoints.ecr]\ndns = { private_dns_only_for_inbound_resolver = true }", "3:7", "for S3 interface", "service = \"s3\""),
        ("[endpoints.email-smtp]\npolicy = \"full\"", "3:10", "take no policy", "remove it"),
        ("[endpoints.kms]\npolicy = \"organization\"", "3:10", "is not in this version", "file"),
        ("[endpoints.kms]\npolicy = \"kms.json\"", "3:10", "cannot be `kms.json`", "{ file = \"kms.json\" }"),
        ("[endpoints.kms]\npolicy = \"fulll\"", "3:10", "cannot be `fulll`", "policy = \"full\""),
        ("[endpoints.kms]\npolicy = 1", "3:10", "must be a string or a table", "kms.json"),
        ("[endpoints.kms]\npolicy = { file = \"none.json\" }", "3:19", "cannot be read", "relative"),
        ("[endpoints.kms]\nip_address_type = \"ipv5\"", "3:19", "cannot be `ipv5`", "did you mean \"ipv"),
        ("[endpoints.kms]\nsecurity_groups = [\"mine\"]", "3:20", "not a security group", "name:mine"),
        ("[endpoints.kms]\nsecurity_groups = [\"name:\"]", "3:20", "cannot name a security group", "1 to 255"),
        ("[endpoints.kms]\nname = \"{servce}\"", "3:8", "not a placeholder", "did you mean `{service}`?"),
        ("[endpoints.kms]\nname = \"{service\"", "3:8", "brace without its partner", "{service}, {type}"),
        ("[endpoints.kms]\nenabled = \"no\"", "3:11", "must be true or false", "enabled = false"),
        ("[endpoints.kms]\nenabled = false", "2:2", "no endpoints are wanted", "[endpoints.ecr]"),
        ("[endpoints.kms]\n[endpoints.kms]", "3:12", "`kms` is there already", "remove one"),
        ("[endpoints.kms]\n[endpoints.a]\nservice = \"kms\"", "3:12", "`a` and `kms` lead to the same", "one table"),
        ("[endpoints.kms]\n[endpoints.\"com.amazonaws.{region}.kms\"]", "3:12", "lead to the same", "one table"),
        ("[endpoints.s3]\n[endpoints.b]\nservice = \"s3\"", "3:12", "same gateway endpoint", "another `type`"),
        ("[endpoints.ecr]\nprivate_dns = true\n[endpoints.eks]\nprivate_dns = false", "5:1", "both contain ecr.api", "in one of them"),
        ("[endpoints.p]\nservice = \"com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d\"\ntype = \"gateway\"", "4:8", "no gateway", "interface"),
        ("[endpoints.p]\nservice = \"com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d\"\ntype = \"gateway-load-balancer\"\nprivate_dns = true", "5:15", "has no `private_dns`", "interface"),
        ("[endpoints.p]\nservice = \"com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d\"\ntype = \"gateway-load-balancer\"\npolicy = \"full\"", "5:10", "has no `policy`", "remove it"),
        ("[endpoints.p]\nservice = \"com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d\"\ntype = \"gateway-load-balancer\"\nsecurity_groups = [\"managed\"]", "5:19", "has no `security_groups`", "interface"),
        // Tags.
        ("tags = { \"aws:x\" = \"1\" }", "2:10", "begins with `aws:`", "AWS keeps"),
        ("tags = { \"linkwalk:x\" = \"1\" }", "2:10", "begins with `linkwalk:`", "its own resources"),
        ("tags = { \"\" = \"1\" }", "2:10", "a tag's key has 0 characters", "1 to 128"),
        (&format!("tags = {{ a = \"{long}\" }}"), "2:14", "has 300 characters", "256"),
        ("tags = { Name = \"1\" }", "2:1", "`Name` is written by `name_tag`", "name_tag = false"),
        ("name_tag = { key = \"aws:n\" }", "2:20", "begins with `aws:`", "AWS keeps"),
        ("name_tag = true", "2:12", "must be a table or false", "template"),
        ("name_tag.template = \"{x}\"", "2:21", "`{x}` is not a placeholder", "known: {service}"),
        // Rollout.
        ("rollout.waves = [\"*\"]", "2:9", "is not supported by this version", "remove it"),
        ("rollout.failure_budget = \"5%\"", "2:9", "is not supported by this version", "remove it"),
        ("rollout.max_in_flight = 0", "2:25", "cannot be 0", "1 to 1000"),
        ("rollout.max_in_flight = 99999999999999999999", "2:25", "must be a whole number", "200"),
        ("rollout.endpoint_timeout = \"soon\"", "2:28", "not a length of time", "\"15m\""),
        ("rollout.endpoint_timeout = \"9days\"", "2:28", "out of range", "1s and 1day"),
        ("rollout.endpoint_timeout = 15", "2:28", "must be a string", "\"15m\""),
        // Overrides.
        ("[[override]]\ntags = { a = \"b\" }", "2:1", "must say where it applies", "regions"),
        ("[[override]]\naccounts = [\"*\"]", "2:1", "says nothing", "enabled = false"),
        ("[[override]]\naccounts = []\ntags = { a = \"b\" }", "3:12", "is an empty list", "accounts = ["),
        ("[[override]]\nregions = [\"us-east-1\"]\ntags = { a = \"b\" }", "3:12", "not in `organization.regions`", "never apply"),
        ("[[override]]\naccount = [\"*\"]\ntags = { a = \"b\" }", "3:1", "unknown key `account`", "`accounts`"),
        ("override = {}", "2:12", "must be a list of tables", "[[override]]"),
        ("[endpoints.s3]\n[[override]]\naccounts = [\"*\"]\nendpoints.s3.type = \"interface\"", "5:21", "already leads elsewhere", "name of its own"),
        ("[endpoints.s3]\n[[override]]\naccounts = [\"*\"]\nendpoints.x.service = \"s3\"", "5:11", "`x` and `s3` lead to the same", "another `type`"),
        ("[endpoints.kms]\n[[override]]\naccounts = [\"*\"]\nendpoints.kms.route_tables = \"all\"", "5:30", "has no `route_tables`", "gateway"),
        // The roster.
        ("[[account]]\nname = \"x\"", "2:1", "`account.id` is missing", "id = \"111122223333\""),
        ("[[account]]\nid = 111122223333", "3:6", "an account id must be in quotes", "111122223333"),
        ("[[account]]\nid = \"1\"", "3:6", "`1` is not an account id", "12 digits"),
        ("[[account]]\nid = \"111122223333\"\nou = \"W/S\"", "4:6", "not the path", "did you mean \"/W/S\"?"),
        ("[[account]]\nid = \"111122223333\"\n[[account]]\nid = \"111122223333\"", "5:6", "stands twice", "remove one"),
        ("accounts.include = [\"ou:r-ab12\"]\n[[account]]\nid = \"111122223333\"", "3:3", "can match no [[account]]", "by path"),
        // Syntax.
        ("[endpoints", "2:11", "unclosed table", "https://toml.io"),
        ("[rollout]\nendpoint_timeout = 15m", "3:20", "text must be in quotes", "write \"15m\""),
        ("[organization]\nregions = [\"eu-west-1\"\nrole = \"x\"\n[endpoints.logs]", "4:1", "a list above this line", "put `]`"),
        ("[organization]\nregions = ", "3:11", "a value is missing", "behind the `=`"),
        ("network.vpcs = \"all", "2:20", "a text is not closed", "closing quote"),
    ];
    for (body, place, title, help) in cases {
        let Err(error) = read(&file(body)) else { panic!("accepted: {body}") };
        let text = error.render(false);
        assert_eq!(error.count(), 1, "{body}\n{text}");
        for part in [&format!("accounts.toml:{place}\n"), title, help] {
            assert!(text.contains(part), "{body}: {part:?} is not in\n{text}");
        }
    }
}

#[test]
fn a_problem_shows_its_line_underlined_with_the_other_place_and_what_to_do() {
    let error = read(&file("[endpoints.s3]\n[endpoints.bucket]\nservice = \"s3\"")).unwrap_err();
    insta::assert_snapshot!(error.render(false), @r#"
    error: `bucket` and `s3` lead to the same gateway endpoint
     --> accounts.toml:3:12
      |
    2 | [endpoints.s3]
      |            -- the other one
    3 | [endpoints.bucket]
      |            ^^^^^^
      |
      = help: put both into one table, or give one of them another `type`
    "#);
    assert!(error.render(true).contains("\u{1b}["));
    assert!(!error.to_string().contains('\u{1b}'));
}

#[test]
fn a_file_with_ten_problems_reports_all_ten_in_order() {
    let source = r#"deployment = "a b"
colour = "blue"
[organization]
regions = ["eu-wset-1"]
shared_root = [111122223333]
[accounts]
include = ["uo:/W"]
[security_group]
ingress = ["10.0.0.1/8"]
[endpoints.lgos]
[endpoints.s3]
subnets = "all"
[rollout]
waves = ["*"]
[[override]]
accounts = ["*"]
"#;
    let text = read(source).unwrap_err().to_string();
    let lines: Vec<_> =
        text.lines().filter_map(|line| line.trim().strip_prefix("--> accounts.toml:")).collect();
    let expected =
        ["1:14", "2:1", "4:12", "5:16", "7:12", "9:12", "10:12", "12:11", "14:1", "15:1"];
    assert_eq!(lines, expected, "{text}");
    assert!(text.ends_with("error: 10 problems in accounts.toml"), "{text}");
}

#[test]
fn what_is_not_there_is_said_of_the_whole_file() {
    let text = read("# nothing yet\n").unwrap_err().to_string();
    for part in ["`deployment` is missing", "`organization.regions` is missing", "no endpoints are wanted"] {
        assert!(text.contains(part), "{text}");
    }
    let misspelt = "deploymnet = \"d\"\n[organisation]\nregions = [\"eu-west-1\"]\n[endpoint.logs]\n";
    let error = read(misspelt).unwrap_err();
    assert_eq!(error.count(), 3, "{error}");
}

#[test]
fn what_follows_from_a_syntax_error_is_not_reported_besides_it() {
    let source = "deployment = privatelink\n[organization]\nregions = [\"eu-wset-1\"]\n";
    let text = read(source).unwrap_err().to_string();
    assert!(text.contains("text must be in quotes") && text.contains("is not a region"), "{text}");
    assert!(!text.contains("endpoints are wanted"), "{text}");
}

#[test]
fn control_characters_of_a_file_do_not_reach_the_terminal() {
    for source in ["\"a\u{7f}\u{1b}[31m\" = 1", "x = \"\u{1b}]0;t\u{7}\"", "\u{202e}x = 1", "\"\\u001b[2J\" = 1"] {
        let text = read(source).unwrap_err().to_string();
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
    }
}

#[test]
fn what_is_no_readable_file_says_so_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, content) in [
        ("empty.toml", &b" \n"[..]),
        ("binary.toml", b"a\0b"),
        ("latin1.toml", b"# caf\xe9\n"),
        ("long.toml", &vec![b'#'; (4 << 20) + 1]),
    ] {
        std::fs::write(path(name), content).unwrap();
    }
    std::fs::create_dir(path("folder")).unwrap();
    for (name, title, help) in [
        ("none.toml", "there is no", "[endpoints.ecr]"),
        ("empty.toml", "is empty", "[endpoints.ecr]"),
        ("binary.toml", "is not a text file", "UTF-8"),
        ("latin1.toml", "is not a text file", "UTF-8"),
        ("long.toml", "longer than 4 MiB", "accounts.toml"),
        ("folder", "is a directory", "accounts.toml"),
    ] {
        let text = load(&path(name)).unwrap_err().to_string();
        for part in [title, help, name] {
            assert!(text.contains(part), "{name}: {text}");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_says_that_permission_is_missing() {
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let problem = file::refused(std::path::Path::new("accounts.toml"), &denied);
    assert!(problem.title.contains("permission denied"), "{problem:?}");
}

#[test]
fn policy_files_are_read_beside_the_file_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let allow = r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}"#;
    let long = allow.replace("kms:*", &"k".repeat(20_480));
    for (name, content) in [
        ("ok.json", allow),
        ("shape.json", "{\"Statement\": []}"),
        ("broken.json", "{"),
        ("long.json", &long),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    std::fs::write(folder.path().join("binary.json"), b"\xff").unwrap();
    let with = |name| {
        let body = format!("[endpoints.kms]\npolicy = {{ file = \"{name}\" }}");
        read_in(&file(&body), folder.path().to_owned())
    };
    let spec = only(&with("ok.json").unwrap(), &account("/"));
    assert_eq!(spec.policy, PolicyDocument::parse(allow).unwrap());
    for (name, says) in [
        ("shape.json", "at least one `Statement`"),
        ("broken.json", "not JSON"),
        ("long.json", "characters"),
        ("binary.json", "not a text file"),
        ("none.json", "cannot be read"),
    ] {
        let text = with(name).unwrap_err().to_string();
        assert!(text.contains(says) && text.contains("accounts.toml:3:19"), "{text}");
    }
}

#[test]
fn the_example_file_is_right_and_says_what_the_reader_expects() {
    let config = load(std::path::Path::new("accounts.toml")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.deployment, "privatelink");
    assert_eq!(config.partition(), "aws");
    assert!(config.needs_tags());
    let staging = config.settings(&account("/Workloads/Staging"), &"eu-west-1".into());
    let services: Vec<_> = staging.endpoints.iter().map(|spec| spec.table.as_str()).collect();
    assert_eq!(services, ["ecr", "ecr", "kms", "logs", "ecr", "ssm", "ssm"]);
    let production = config.settings(&account("/Workloads/Production"), &"eu-west-1".into());
    assert_eq!(production.endpoints.len(), 6);
}

#[test]
fn every_toml_block_of_the_reference_is_right_and_every_key_is_in_it() {
    let reference = include_str!("../../docs/accounts-toml.md");
    let blocks: Vec<_> = reference.split("```toml\n").skip(1).collect();
    assert!(blocks.len() > 8);
    for block in blocks {
        let block = block.split("```").next().unwrap();
        let source = if block.contains("deployment =") { block.to_owned() } else { file(block) };
        assert!(read(&source).is_ok(), "{source}\n{}", read(&source).unwrap_err());
    }
    for key in schema::KEYS {
        assert!(reference.contains(key.name), "`{}` is not in the reference", key.name);
    }
}

fn account(path: &str) -> Account {
    Account {
        id: "111122223333".parse().unwrap(),
        name: "payments-prod".into(),
        email: "p@example.com".into(),
        ou_path: path.into(),
        ou_ids: Vec::new(),
        tags: Some(BTreeMap::from([("linkwalk".into(), "off".into())])),
        state: AccountState::Active,
    }
}

fn endpoints(config: &Config, account: &Account) -> Vec<EndpointSpec> {
    config.settings(account, &"eu-west-1".into()).endpoints
}

fn only(config: &Config, account: &Account) -> EndpointSpec {
    let mut endpoints = endpoints(config, account);
    assert_eq!(endpoints.len(), 1, "{endpoints:?}");
    endpoints.remove(0)
}

/// Each endpoint as `service/type from table`.
fn shown(config: &Config) -> Vec<String> {
    let show = |spec: &EndpointSpec| {
        let service = match &spec.service {
            ServiceRef::Short(short) => short.clone(),
            ServiceRef::Full(full) => full.to_string(),
        };
        let kind = spec.kind.as_ref().map_or("?".to_owned(), ToString::to_string);
        format!("{service}/{kind} from {}", spec.table)
    };
    endpoints(config, &account("/")).iter().map(show).collect()
}

#[test]
fn tables_are_resolved_into_one_entry_per_service_and_type() {
    for (body, expected) in [
        ("[endpoints.logs]", &["logs/interface from logs"][..]),
        (
            "[endpoints.ecr]",
            &["ecr.api/interface from ecr", "ecr.dkr/interface from ecr", "s3/gateway from ecr"],
        ),
        ("[endpoints.s3]", &["s3/gateway from s3"]),
        ("[endpoints.dynamodb]\ntype = \"Interface\"", &["dynamodb/interface from dynamodb"]),
        (
            "[endpoints.s3]\n[endpoints.s3-interface]\nservice = \"s3\"\ntype = \"interface\"",
            &["s3/interface from s3-interface", "s3/gateway from s3"],
        ),
        // `service` is always a single one; the bundle of that name is the table's own name.
        ("[endpoints.x]\nservice = \"ssm\"", &["ssm/interface from x"]),
        ("[endpoints.ssm]", &["ssm/interface from ssm", "ssmmessages/interface from ssm"]),
        // A table of a member takes its place, or takes it out.
        (
            "[endpoints.ssm]\n[endpoints.ssmmessages]\nprivate_dns = false",
            &["ssm/interface from ssm", "ssmmessages/interface from ssmmessages"],
        ),
        (
            "[endpoints.ssm]\n[endpoints.ssmmessages]\nenabled = false",
            &["ssm/interface from ssm"],
        ),
        ("[endpoints.ssm]\nenabled = false\n[endpoints.kms]", &["kms/interface from kms"]),
        // Full names.
        (
            "[endpoints.\"com.amazonaws.{region}.brand-new\"]",
            &["com.amazonaws.eu-west-1.brand-new/? from com.amazonaws.{region}.brand-new"],
        ),
        (
            "[endpoints.x]\nservice = \"com.amazonaws.eu-west-1.kms\"",
            &["com.amazonaws.eu-west-1.kms/interface from x"],
        ),
        (
            "[endpoints.x]\nservice = \"com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d\"\n\
             type = \"GatewayLoadBalancer\"",
            &["com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d/gatewayloadbalancer from x"],
        ),
    ] {
        assert_eq!(shown(&config(body)), expected, "{body}");
    }
}

#[test]
fn overlapping_bundles_are_united_and_what_only_one_says_holds() {
    let config = config("[endpoints.ecr]\nprivate_dns = true\n[endpoints.eks]\n");
    let endpoints = endpoints(&config, &account("/"));
    assert_eq!(endpoints.len(), 8);
    let private_dns: Vec<_> =
        endpoints.iter().filter(|s| s.private_dns.is_some()).map(|s| &s.service).collect();
    let short = |name: &str| ServiceRef::Short(name.to_owned());
    assert_eq!(private_dns, [&short("ecr.api"), &short("ecr.dkr")]);
}

#[test]
fn a_bundles_keys_go_to_the_services_that_have_them() {
    let config = config("[endpoints.ecr]\nsubnets = \"all\"\nroute_tables = \"main\"\ntags = { a = \"b\" }");
    for spec in endpoints(&config, &account("/")) {
        let is_gateway = spec.kind == Some(EndpointKind::Gateway);
        assert_eq!(spec.subnets == SubnetSelector::All, !is_gateway, "{spec:?}");
        assert_eq!(spec.route_tables == RouteTableSelector::Main, is_gateway, "{spec:?}");
        assert_eq!(spec.tags, Tags::from([("a".into(), "b".into())]));
    }
}

#[test]
fn defaults_are_the_safe_ones() {
    let config = config("");
    let settings = config.settings(&account("/"), &"eu-west-1".into());
    assert_eq!(settings.vpcs, VpcSelector::NonDefault);
    assert_eq!(settings.security_group.name, "linkwalk-endpoints");
    assert_eq!(settings.security_group.ingress, [IngressSource::Vpc]);
    assert_eq!(settings.tags, Tags::from([("linkwalk:deployment".into(), "d".into())]));
    assert_eq!(settings.name_tag.unwrap().template, "{service}-endpoint");
    let spec = &settings.endpoints[0];
    assert_eq!(spec.subnets, SubnetSelector::Private);
    assert_eq!(spec.route_tables, RouteTableSelector::Private);
    assert_eq!(spec.security_groups, [GroupRef::Managed]);
    assert_eq!((spec.private_dns, spec.ip_address_type), (None, None));
    assert!(spec.policy.is_full_access());
    assert_eq!(config.organization.role, "OrganizationAccountAccessRole");
    assert_eq!(config.organization.session_name, "linkwalk");
    assert_eq!(config.rollout.max_in_flight, 200);
    assert_eq!(config.rollout.endpoint_timeout, Duration::from_secs(900));
}

const LAYERED: &str = r#"
[organization]
regions = ["eu-west-1", "eu-west-2"]
[network]
subnets = "all"
[endpoints.kms]
private_dns = true
tags = { a = "base", b = "base" }
[endpoints.logs]
subnets = "private"
[tags]
team = "base"
[name_tag]
template = "{service}"
[[override]]
accounts = ["ou:/Production/**"]
network.subnets = { tags = { tier = "endpoint" } }
endpoints.kms = { tags = { b = "over" }, private_dns = false }
endpoints.sqs = {}
tags = { extra = "1" }
[[override]]
accounts = ["ou:/Production/Special"]
regions = ["eu-west-2"]
endpoints.kms = { enabled = false }
name_tag = false
tags = { team = "special" }
"#;

#[test]
fn overrides_are_merged_key_by_key_in_the_order_of_the_file() {
    let config = config(LAYERED);
    let at = |path: &str, region: &str| config.settings(&account(path), &region.into());
    let find = |settings: &crate::model::spec::Settings, table: &str| {
        settings.endpoints.iter().find(|spec| spec.table == table).cloned()
    };

    let base = at("/Sandbox", "eu-west-2");
    assert_eq!(base.endpoints.len(), 2);
    assert_eq!(find(&base, "kms").unwrap().subnets, SubnetSelector::All);
    assert_eq!(find(&base, "logs").unwrap().subnets, SubnetSelector::Private);

    let production = at("/Production", "eu-west-2");
    let kms = find(&production, "kms").unwrap();
    assert!(matches!(kms.subnets, SubnetSelector::Tags(_)));
    assert_eq!(kms.private_dns, Some(false));
    assert_eq!(kms.tags, Tags::from([("a".into(), "base".into()), ("b".into(), "over".into())]));
    // The endpoint's own key wins over the override's common one.
    assert_eq!(find(&production, "logs").unwrap().subnets, SubnetSelector::Private);
    assert!(find(&production, "sqs").is_some());
    assert_eq!(production.tags["extra"], "1");
    assert_eq!(production.tags["team"], "base");

    let special = at("/Production/Special", "eu-west-2");
    assert!(find(&special, "kms").is_none() && find(&special, "sqs").is_some());
    assert_eq!((special.name_tag, special.tags["team"].as_str()), (None, "special"));
    assert!(find(&at("/Production/Special", "eu-west-1"), "kms").is_some());
}

#[test]
fn the_region_is_filled_into_full_names() {
    let config = config(
        "[organization]\nregions = [\"eu-west-1\", \"eu-west-2\"]\n\
         [endpoints.x]\nservice = \"com.amazonaws.{region}.new\"",
    );
    let settings = config.settings(&account("/"), &"eu-west-2".into());
    let expected = ServiceRef::Full(ServiceName::from("com.amazonaws.eu-west-2.new"));
    assert_eq!(settings.endpoints[0].service, expected);
}

#[test]
fn an_account_stands_where_the_first_rule_that_matches_puts_it() {
    let body = "[organization]\nregions = [\"eu-west-1\"]\nshared_root = [\"management\", \"999999999999\"]\n\
                [accounts]\ninclude = [\"ou:/Workloads/**\"]\nexclude = [\"name:*-legacy\"]";
    let config = config(body);
    let management: AccountId = "000000000001".parse().unwrap();
    let base = account("/Workloads/Staging");
    let legacy = || Account { name: "x-legacy".into(), ..base.clone() };
    let with_id = |id: &str| Account { id: id.parse().unwrap(), ..legacy() };
    let in_state = |state| Account { state, ..legacy() };
    for (account, consumer, says) in [
        (base.clone(), true, "include \"ou:/Workloads/**\""),
        (account("/Sandbox"), false, "not selected by any include"),
        (legacy(), false, "exclude \"name:*-legacy\""),
        (in_state(AccountState::Suspended), false, "state SUSPENDED"),
        (in_state(AccountState::Unknown("ODD".into())), false, "state ODD"),
        (with_id("999999999999"), false, "shared root (organization.shared_root)"),
        (with_id("000000000001"), false, "shared root (management account)"),
    ] {
        let expected = if consumer {
            Standing::Consumer { rule: says.into() }
        } else {
            Standing::Skipped { reason: says.into() }
        };
        assert_eq!(config.standing(&account, Some(&management)), expected);
    }
}

#[test]
fn without_include_every_active_member_is_a_consumer() {
    let rule = "every active member (no include)".to_owned();
    let config = config("");
    assert_eq!(config.standing(&account("/"), None), Standing::Consumer { rule });
    assert!(!config.needs_tags());
}

#[test]
fn an_explanation_lists_every_rule_and_the_overrides_that_apply() {
    let config = config(&format!(
        "{LAYERED}[accounts]\ninclude = [\"name:a\", \"ou:/Production/**\", \"*\"]\nexclude = [\"tag:x\"]"
    ));
    let explanation = config.explain(&account("/Production/Special"), None);
    let rules: Vec<_> =
        explanation.rules.iter().map(|r| format!("{}: {}", r.rule, r.verdict.as_str())).collect();
    assert_eq!(
        rules,
        [
            "shared root (management account): not matched",
            "state other than ACTIVE: not matched",
            "exclude \"tag:x\": not matched",
            "include \"name:a\": not matched",
            "include \"ou:/Production/**\": matched",
            "include \"*\": not considered",
        ]
    );
    let overrides: Vec<_> =
        explanation.overrides.iter().map(|o| (o.number, o.rule.as_str(), o.regions.len())).collect();
    assert_eq!(
        overrides,
        [
            (1, "accounts \"ou:/Production/**\"", 2),
            (2, "accounts \"ou:/Production/Special\"", 1)
        ]
    );
    assert!(config.needs_tags());
}

#[test]
fn the_roster_is_read_as_active_accounts() {
    let config = config(
        "[[account]]\nid = \"012345678901\"\nname = \"n\"\nou = \"/A B/C\"\ntags = { k = \"v\" }\n\
         [[account]]\nid = \"111122223333\"",
    );
    let [first, second] = config.roster.as_slice() else { panic!("{:?}", config.roster) };
    assert_eq!((first.id.as_str(), first.ou_path.as_str()), ("012345678901", "/A B/C"));
    assert_eq!(first.tags, Some(BTreeMap::from([("k".into(), "v".into())])));
    assert_eq!((second.name.as_str(), second.ou_path.as_str()), ("111122223333", "/"));
    assert_eq!(second.state, AccountState::Active);
}

/// Reads and, where the file is refused, renders: neither may panic, and a file that is accepted has
/// settings.
fn survives(source: &str) {
    match read(source) {
        Ok(config) => {
            for region in &config.organization.regions {
                let _ = config.settings(&account("/Workloads"), region);
            }
            let _ = config.explain(&account("/Workloads"), None);
        }
        Err(error) => assert!(!error.render(true).is_empty() && error.count() > 0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_file_panics(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, "[\\[\\]{}=\"'.,#\\\\\n *a-z0-9é-]{0,6}"), 1..6)
    ) {
        for start in [EXAMPLE.to_owned(), file(LAYERED)] {
            let mut chars: Vec<char> = start.chars().collect();
            for (at, length, insert) in &cuts {
                let from = at.index(chars.len());
                let to = (from + length).min(chars.len());
                chars.splice(from..to, insert.chars());
                chars.push('\n');
            }
            survives(&chars.into_iter().collect::<String>());
        }
    }

    #[test]
    fn no_heap_of_fragments_panics(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "[", "]", "[[", "]]", "{", "}", "=", "\n", "\"", "'", ",", ".", "#", "1", "012345678901",
                "true", "a", "endpoints", "override", "account", "organization", "ecr", "s3", "service",
                "type", "\"*\"", "\"{\"", "\"ou:/**\"", "\"\"\"", "\r", "\u{1b}", "é", "policy", "tags",
                "[endpoints.s3]\n", "[[override]]\n", "service = \"s3\"\n", "enabled = false\n",
            ]),
            0..60,
        )
    ) {
        survives(&pieces.concat());
    }

    #[test]
    fn no_text_panics(text in any::<String>(), pattern in "[\\[\\]{}*?\\\\!a-c^,-]{0,80}") {
        survives(&text);
        let _ = format!("name:{pattern}").parse::<Selector>();
        let _ = format!("ou:/{pattern}").parse::<Selector>();
        let _ = text.parse::<Selector>();
    }
}
